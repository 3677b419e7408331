import { testPage } from "./page.ts";

testPage("docs/guides/batch-jobs.md", "jobs", 3);
