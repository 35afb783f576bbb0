module corescope.example/dumps

go 1.21
