# Expressions that both Terraform and the reader evaluate: tests/test_hcl.py compares what comes out.
variable "given" {
  type = map(object({
    arn    = string
    write  = optional(bool, false)
    prefix = optional(string)
    tags   = optional(map(string), { a = "b" })
    more   = optional(list(object({ x = number, y = optional(string, "why") })), [{ x = 1 }])
  }))
  default = {
    b = { arn = "arn:aws:s3:::b", write = true }
    a = { arn = "arn:aws:s3:::a", prefix = "in/", tags = {}, more = [] }
  }
}

variable "numbers" {
  type    = set(string)
  default = ["3", "1", "2", "1"]
}

variable "as_text" {
  type    = string
  default = 8080
}

variable "untyped" {
  default = ["x", "y"]
}

variable "typed" {
  type = object({
    list   = optional(list(number), ["1", 2])
    set    = optional(set(number), [3, 10, 1])
    empty  = optional(list(string), [])
    map    = optional(map(string), { a = 1, b = true })
    none   = optional(map(string), {})
    tuple  = optional(tuple([string, number]), [1, "2"])
    number = optional(number, "5")
    bool   = optional(bool, "true")
  })
  default = {}
}

locals {
  nothing  = null
  list     = ["c", "a", "b", "a"]
  map      = { one = 1, two = 2, "three four" = 3, (join("-", ["f", "i"])) = 5 }
  nested   = [["a"], ["b", ["c", []]], "d"]
  objects  = [{ id = "x", n = [1, 2] }, { id = "y", n = [3] }]
  template = "hi $${name}%%{ for s in l } $${s}%%{ endfor }"
  statements = [
    { Effect = "Allow", Action = "s3:*", Resource = ["*"] },
  ]
}

output "all" {
  value = {
    # arithmetic, comparison, logic
    sums        = [1 + 2 * 3, (1 + 2) * 3, 7 / 2, 8 / 2, 7 % 3, -7 % 3, -(3), 1.5 + 1.5, 10 - 4 - 3]
    comparisons = [1 < 2, 2 <= 2, 3 > 4, 3 >= 4, 1 == 1.0, "a" == "a", "1" == 2, true == "false", null == null]
    unequal     = [[1] == [1], { a = 1 } == { a = 1 }, { a = 1 } == { a = 2 }, "a" != "b", local.nothing == ""]
    logic       = [true && false, true || false, !true, !(1 == 2), false || true && false]
    chosen      = [true ? "a" : "b", false ? "a" : true ? "b" : "c", 1 == 1 ? [1] : [], local.nothing == null ? "n" : "s"]

    # texts
    escapes   = "a\tb\"c\"\\ \u00e9 $${x} %%{y} $ % $$ %% \n"
    inside    = "a${"b${"c"}"}d${1}${true}${1.5}"
    lone      = "${[1, 2]}"
    numbers   = "${1}-${10}-${1.25}-${100000000000}-${-3}"
    trimmed   = "a  ${~ "b" ~}  c"
    directive = "%{ if true }yes%{ else }no%{ endif }-%{ for k, v in { a = 1, b = 2 } }${k}=${v};%{ endfor }"
    blanks    = "x%{ for s in ["a", "b"] ~}  ${s} %{~ endfor ~}  y"
    heredoc   = <<EOT
first "quoted" ${local.list[0]} $${not}
  second \n
EOT
    indented  = <<-EOT
      first
        second ${1 + 1}

      %{ for s in ["a", "b"] }
      item ${s}
      %{ endfor }
      last
    EOT
    json_text = <<EOT
{"a": "${local.list[1]}", "b": [${join(", ", [1, 2])}]}
EOT

    # collections
    items      = [local.list[0], local.map["two"], local.map.one, local.objects[0].id, local.list.1]
    splats     = [local.objects[*].id, local.objects.*.id, local.objects[*].n[*], local.nothing[*], "a"[*]]
    fors       = [for s in local.list : upper(s) if s != "a"]
    pairs      = [for k, v in local.map : "${k}:${v}"]
    indices    = [for i, s in local.list : "${i}${s}"]
    object     = { for s in distinct(local.list) : s => upper(s) }
    grouped    = { for i, s in local.list : s => i... }
    deep       = { for o in local.objects : o.id => { for n in o.n : "n${n}" => n * 2 } }
    of_set     = [for k, v in var.numbers : "${k}${v}"]
    made_set   = [for k, v in toset(["b", "a"]) : "${k}=${v}"]
    commas     = { a = 1, b = 2, }
    colons     = { a : 1, "b" : 2 }

    # variables' types
    given   = var.given
    as_text = var.as_text
    numbers_given = var.numbers
    untyped = var.untyped

    # what a type makes of a value, and which values are equal
    typed   = [var.typed.list, var.typed.map, var.typed.tuple, var.typed.number, var.typed.bool]
    ordered = [[for v in var.typed.set : v], [for v in toset([3, 10, 1]) : v], tolist(toset(["b", "a"]))]
    like    = [var.typed.empty == [], var.typed.none == {}, var.typed.list[0] == 1, var.typed.number == 5, [] == []]
    unlike  = [split(",", "a") == ["a"], sort(["a"]) == ["a"], toset([]) == [], tomap({}) == {}, keys({ a = 1 }) == ["a"]]
    as_one  = [tolist([1, "a"]), toset([1, "1"]), tomap({ a = 1, b = "x" }), distinct([1, "1"]), compact([1, "", "a"])]
    legacy  = local.objects.*.n.0

    # functions of lists and maps
    f_csv      = csvdecode("a,b\n1,\"x,y\"\n2,z\n")
    f_steps    = [range(5, 0, -2), range(0, 1, 0.25), range(3, 0)]
    f_in_order = [setunion([1, 3], [2]), setintersection(["b", "a"], ["a", "b"]), setsubtract(["c", "b", "a"], ["b"])]
    f_pieces   = [slice(["a", "b", "c"], 0, 2), chunklist(["a", "b", "c"], 2), chunklist([], 2)]
    f_yaml     = yamldecode("a: &x [1, yes, No, OFF, ~, 'yes', 0o14]\nb: *x\nc: |\n  t\n  u\n")
    f_numbers  = [pow(3, 2), pow(4, 0.5), log(16, 2), signum(-3), signum(0)]
    f_concat   = concat([1], [], ["a"])
    f_flatten  = flatten(local.nested)
    f_distinct = distinct(local.list)
    f_compact  = compact(["a", "", null, "b"])
    f_merge    = merge({ a = 1, b = 2 }, { b = 3 }, null)
    f_lookup   = [lookup(local.map, "one", 9), lookup(local.map, "none", 9)]
    f_keys     = [keys(local.map), values(local.map)]
    f_element  = [element(local.list, 1), element(local.list, 5)]
    f_contains = [contains(local.list, "b"), contains(local.list, "z")]
    f_length   = [length(local.list), length(local.map), length("añb"), length([])]
    f_one      = [one([]), one(["a"])]
    f_coalesce = [coalesce("", null, "a", "b"), coalescelist([], ["a"])]
    f_sort     = [sort(local.list), reverse(local.list), slice(local.list, 1, 3)]
    f_sets     = [setunion(["b", "a"], ["c"]), setintersection(["a", "b"], ["b"]), setsubtract(["a", "b"], ["b"])]
    f_product  = [for p in setproduct(["a", "b"], ["x", "y"]) : join("", p)]
    f_zipmap   = zipmap(["a", "b"], [1, 2])
    f_range    = [range(3), range(1, 4), range(0, 10, 3)]
    f_chunk    = chunklist(["a", "b", "c"], 2)
    f_all      = [alltrue([true, true]), anytrue([false]), alltrue([]), anytrue([])]
    f_index    = index(local.list, "b")
    f_match    = matchkeys(["a", "b", "c"], ["x", "y", "x"], ["x"])
    f_transpose = transpose({ b = ["y"], a = ["x", "y"] })
    f_sum      = [sum([1, 2, 3]), max(1, 5, 3), min(4, 2), abs(-3), ceil(1.2), floor(1.8)]
    f_to       = [tostring(1), tonumber("2"), tobool("true"), tolist(toset(["b", "a"])), tomap({ a = "b" })]
    f_try      = [try(local.map.none, "no"), try(local.objects[5].id, local.objects[1].id), can(local.map.none), can(1)]

    # functions of texts
    f_join     = [join(",", local.list), join("-", []), join("", ["a"])]
    f_split    = [split(",", "a,b,c"), split(":", "arn:aws:s3:::x"), split(",", "")]
    f_replace  = [replace("a.b.c", ".", "-"), replace("abc123", "/[0-9]+/", "N"), replace("hello", "/(l+)/", "<$1>")]
    f_paths    = [for p in ["a/b.json", "/a/b/", "b", "", "/"] : [basename(p), dirname(p)]]
    f_case     = [upper("aB"), lower("aB"), title("hello world-x")]
    f_trim     = [trim("?!a!?", "?!"), trimspace("  a \n"), trimprefix("abc", "a"), trimsuffix("abc", "c"), chomp("a\n\n")]
    f_substr   = [substr("hello", 1, 3), substr("hello", -2, -1), substr("hello", 0, 100)]
    f_filled   = templatestring(local.template, { name = "x", l = ["p", "q"] })
    f_verbs    = [format("%t %x %X %o %b", true, 255, 255, 8, 5), format("%#v", "x"), format("%+d|%e", 3, 1234.5)]
    f_escaped  = [md5(jsonencode("<&>")), md5(jsonencode({ b = 1, a = [true, null, "é"] }))]
    f_format   = [format("%s-%d-%v", "a", 3, true), format("%05d|%5s|%-5s|%.2f", 42, "a", "b", 1.5), format("%q %%", "x")]
    f_order    = format("%[2]s %[1]s", "a", "b")
    f_list     = [formatlist("%s/*", ["a", "b"]), formatlist("%s-%s", "x", ["a", "b"])]
    f_starts   = [startswith("abc", "ab"), endswith("abc", "bc"), strcontains("abc", "b"), strrev("abc")]
    f_regex    = [regex("[a-z]+", "12ab34"), regexall("[a-z]", "a1b2"), regex("(?P<x>[0-9]+)", "a12")]
    f_groups   = regex("^([a-z]+)-([0-9]+)$", "abc-12")
    f_indent   = indent(2, "a\nb")
    f_encode   = [base64encode("hello"), base64decode("aGVsbG8="), urlencode("a b/c?d=é"), md5("a"), sha256("a"), sha1("a")]
    f_json     = jsondecode(jsonencode({ a = [1, "x", null, true], b = { c = "d" } }))
    f_decoded  = jsondecode("{\"a\": [1, 2.5, \"x\"]}")
    f_chained  = jsondecode(jsonencode({ Statement = concat(local.statements, [{ Effect = "Deny" }]) })).Statement[1].Effect
    f_parse    = [parseint("ff", 16), parseint("10", 2)]
    f_expanded = concat([["a"], ["b"]]...)
    f_sensitive = nonsensitive(sensitive("a"))
  }
}
