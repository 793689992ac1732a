"""The frame around the jobs: schedule, queue, runner, daemon."""
