package dlq

import "time"

// SetIdleWatchTime sets how long the watches of a client go on that have nothing to follow.
func SetIdleWatchTime(c *Client, idle time.Duration) { c.outcomes.idleTime = idle }
