"""What comes back from reps: replies, bounces, complaints, and what they choose by the links of a mail."""
