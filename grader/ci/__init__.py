"""One submission in a CI job: what its score rests on, and how a runner of GitHub Actions is told."""
