import { testPage } from "./page.ts";

testPage("docs/guides/queues.md", "queues", 15);
