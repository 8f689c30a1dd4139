registry = "210987654321"
image    = { name = "team/app" }
