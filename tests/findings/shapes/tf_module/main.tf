# Each service is a module, which is told its secrets and, beside, what its execution role may read.
resource "aws_secretsmanager_secret" "db" {
  name = "shop/db"
}

resource "aws_secretsmanager_secret" "mail" {
  name = "shop/mail"
}

module "web" {
  source = "./service"
  name   = "web"
  secrets = {
    DB_URL   = aws_secretsmanager_secret.db.arn
    MAIL_KEY = "${aws_secretsmanager_secret.mail.arn}:key::"
  }
  readable = [aws_secretsmanager_secret.db.arn, aws_secretsmanager_secret.mail.arn]
}

module "worker" {
  source   = "./service"
  name     = "worker"
  secrets  = { DB_URL = aws_secretsmanager_secret.db.arn }
  readable = [aws_secretsmanager_secret.db.arn]
}
