"""What AWS publishes about IAM: actions, their resources and condition keys, managed policies; and what escalates."""
