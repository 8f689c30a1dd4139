#!/usr/bin/env bash
set -euo pipefail
CLUSTER=${1:?cluster}
SERVICE=${2:-web}
log() { echo "[$(date)] $*"; }
log "deploying"
CURRENT=$(aws ecs describe-services --cluster "$CLUSTER" --services "$SERVICE" --query 'services[0].taskDefinition' --output text)
aws ecs describe-task-definition --task-definition "$CURRENT" --query taskDefinition > /tmp/t.json
jq 'del(.revision,.status)' /tmp/t.json > /tmp/n.json
NEW=$(aws ecs register-task-definition --cli-input-json file:///tmp/n.json --query 'taskDefinition.taskDefinitionArn' --output text)
aws ecs update-service --cluster "$CLUSTER" --service "$SERVICE" --task-definition "$NEW" >/dev/null
aws ecs wait services-stable --cluster "$CLUSTER" --services "$SERVICE"
