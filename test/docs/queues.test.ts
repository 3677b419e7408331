import { testPage } from "./page.ts";

testPage("docs/queues.md", "queues", 14);
