"""What a query must answer, predicted from the list that was read, beside what it did answer."""
