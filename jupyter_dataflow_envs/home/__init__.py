"""What a person's notebook server keeps itself where the environments are a team's service: kernels and Local ones."""
