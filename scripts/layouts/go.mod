module corescope.example/layouts

go 1.21
