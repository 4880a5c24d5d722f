"""What a training run says about its settings: each file measures one thing and returns a table."""
