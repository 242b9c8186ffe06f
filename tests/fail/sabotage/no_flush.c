/* Preloaded: flushes that do nothing. The power-cut test must see that. */
int fdatasync(int fd);
int fdatasync(int fd)
{
    (void)fd;
    return 0;
}
