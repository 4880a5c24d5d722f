"""The pages for people, rendered on the server: no script, no build step."""
