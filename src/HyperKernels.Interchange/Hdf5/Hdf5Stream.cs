namespace HyperKernels.Interchange;

/// <summary>
/// A file for PureHDF, which goes to an object's header before it decodes it: there the header is looked at first. A group that keeps its links in its header has them followed
/// without any further read, so that one that leads to itself would never come back here, and end the process.
/// </summary>
internal sealed class Hdf5Stream(string path, FileStream file) : CountedStream(file)
{
    private readonly Hdf5Links _links = new(path, file);

    // Those in which nothing was wrong: each is looked at once.
    private readonly HashSet<long> _seen = [];

    public override long Position
    {
        get => base.Position;
        set => Seek(value, SeekOrigin.Begin);
    }

    public override long Seek(long offset, SeekOrigin origin)
    {
        long at = base.Seek(offset, origin);
        if (!_seen.Contains(at))
        {
            Count(_links.Check(at));
            _seen.Add(at);
            base.Seek(at, SeekOrigin.Begin);
        }
        return at;
    }
}
