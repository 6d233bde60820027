"""The judge: is the new slot worse than the baseline beside it. Decides nothing about traffic; see judge.py."""
