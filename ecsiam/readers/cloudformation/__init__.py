"""CloudFormation: templates written by hand, by the CDK, SAM, Copilot or `ecsiam emit`."""
