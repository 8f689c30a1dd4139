"""IAM's JSON: documents, dumps, what the AWS CLI takes and prints, and what `ecsiam emit` wrote."""
