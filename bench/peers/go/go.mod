module auction

go 1.18
