"""Is a candidate better, may it go live, is tuning worth it, and what do people ask that the documents lack."""
