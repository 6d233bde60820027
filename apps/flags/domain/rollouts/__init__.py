"""Rollout plans: flags that reach more and more users by themselves. Pure; the files beside it are split by idea."""
