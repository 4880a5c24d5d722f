"""Texts with which others run and watch the server: systemd, Docker Compose, Grafana."""
