"""Values of phrases: ours beside Duckling, Recognizers-Text and dateparser."""
