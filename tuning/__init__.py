"""From reviewed transcripts to a registered model: training examples, datasets, fine-tune jobs, model versions."""
