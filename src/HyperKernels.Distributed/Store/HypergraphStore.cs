namespace HyperKernels.Distributed;

/// <summary>
/// A hypergraph in a folder of safetensors files that are read through memory maps: structure in both directions, features and labels of nodes, of any size.
/// A <see cref="NeighbourSampler"/> draws from it as from one in memory.
/// </summary>
/// <remarks>
/// <para>
/// Opening checks the manifest, every file's size, type and shape, and the ends of offsets; what is read later is checked when it is read, and
/// <see cref="Verify"/> reads everything. Any number of threads may read at once.
/// </para>
/// <para>
/// Files that fit <see cref="StoreOptions.ResidentBytes"/> together, the smallest first, are read where they are mapped. Rows of larger ones are copied out of the
/// files, which leaves nothing resident; reads of many rows at a time go through the maps, whose pages are counted and given back to the system as soon as they may
/// be more than what is left of the bound (madvise; on Windows the system decides alone).
/// </para>
/// </remarks>
public sealed class HypergraphStore : IMembershipSource, IDisposable
{
    // Rows of so many memberships are read whole, of longer ones what was picked.
    private const int WholeRow = 512;

    private const int AnnouncedAtOnce = 4096;

    private readonly StoreManifest _manifest;
    private readonly bool _announces;
    private readonly ResidentWindow _window;
    private readonly MappedTensor<long> _edgeOffsets;
    private readonly MappedTensor<int> _edgeNodes;
    private readonly MappedTensor<long> _nodeOffsets;
    private readonly MappedTensor<int> _nodeEdges;
    private readonly MappedTensor<long> _nodeMemberships;
    private readonly MappedTensor<float>? _features;
    private readonly MappedTensor<int>? _labels;
    private readonly List<IDisposable> _open = [];

    private HypergraphStore(string folder, StoreManifest manifest, StoreOptions options)
    {
        (Folder, _manifest) = (folder, manifest);
        // The smallest files first: what fits the bound is read where it is mapped and stays.
        HashSet<string> resident = [];
        long left = options.ResidentBytes;
        foreach ((string name, (long bytes, _)) in manifest.Files.OrderBy(static file => file.Value.Bytes))
        {
            if (bytes <= left)
            {
                left -= bytes;
                resident.Add(name);
            }
        }
        _window = new ResidentWindow(left);
        _announces = options.Announces ?? Bytes > GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4;
        try
        {
            Dictionary<StoreFile, long[]> shapes = manifest.Expected().ToDictionary(static file => file.File, static file => file.Shape);
            _edgeOffsets = Open<long>(StoreFile.EdgeOffsets);
            _edgeNodes = Open<int>(StoreFile.EdgeNodes);
            _nodeOffsets = Open<long>(StoreFile.NodeOffsets);
            _nodeEdges = Open<int>(StoreFile.NodeEdges);
            _nodeMemberships = Open<long>(StoreFile.NodeMemberships);
            _features = manifest.FeatureCount > 0 ? Open<float>(StoreFile.Features) : null;
            _labels = manifest.Classes > 0 ? Open<int>(StoreFile.Labels) : null;
            CheckEnds(_edgeOffsets);
            CheckEnds(_nodeOffsets);

            MappedTensor<T> Open<T>(StoreFile file)
                where T : unmanaged
            {
                MappedTensor<T> opened = new(folder, file, shapes[file], manifest.Files[file.FileName].Bytes, resident.Contains(file.FileName), _window);
                _open.Add(opened);
                return opened;
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The folder as it was given.</summary>
    public string Folder { get; }

    /// <inheritdoc/>
    public int NodeCount => _manifest.Nodes;

    /// <inheritdoc/>
    public int EdgeCount => _manifest.Edges;

    /// <inheritdoc/>
    public long MembershipCount => _manifest.Memberships;

    /// <summary>F: numbers of a node; 0 where there are none.</summary>
    public int FeatureCount => _manifest.FeatureCount;

    /// <summary>How many classes labels name; 0 where there are none.</summary>
    public int Classes => _manifest.Classes;

    /// <summary>The size of all files.</summary>
    public long Bytes => _manifest.Files.Values.Sum(static file => file.Bytes);

    /// <summary>How often mapped pages were given back so far.</summary>
    public int Releases => _window.Releases;

    /// <summary>Opens a folder that a <see cref="HypergraphStoreWriter"/> wrote.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="options">How much may be resident; 1 GiB if null.</param>
    /// <exception cref="FileNotFoundException">There is no manifest, or a file that it names is missing.</exception>
    /// <exception cref="InvalidDataException">A file breaks a rule; the message names it and the place.</exception>
    public static HypergraphStore Open(string folder, StoreOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return new HypergraphStore(folder, StoreManifest.Read(folder), options ?? new StoreOptions());
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The offsets are damaged there.</exception>
    public int CountOf(Toward toward, int segment) => RowOf(toward, segment).Count;

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The rows are damaged there.</exception>
    public void Read(Toward toward, int segment, ReadOnlySpan<int> places, Span<long> memberships, Span<int> others)
    {
        (long start, int count) = RowOf(toward, segment);
        bool ofNode = toward == Toward.Nodes;
        MappedTensor<int> ends = ofNode ? _nodeEdges : _edgeNodes;
        int bound = ofNode ? EdgeCount : NodeCount;
        bool whole = count <= WholeRow;
        Span<int> row = stackalloc int[whole ? count : 1];
        Span<long> numbers = stackalloc long[whole && ofNode ? count : 1];
        if (whole)
        {
            ends.Read(start, row);
            if (ofNode)
            {
                _nodeMemberships.Read(start, numbers);
            }
        }
        for (int i = 0; i < places.Length; i++)
        {
            int place = places[i];
            if (!whole)
            {
                ends.Read(start + place, row);
                if (ofNode)
                {
                    _nodeMemberships.Read(start + place, numbers);
                }
                place = 0;
            }
            int other = row[place];
            long membership = ofNode ? numbers[place] : start + places[i];
            if ((uint)other >= (uint)bound || (ulong)membership >= (ulong)MembershipCount)
            {
                throw ends.Fail(start + places[i], $"ids must be from 0 to below {bound:N0}, and memberships below {MembershipCount:N0}; got {other} and {membership}.");
            }
            (others[i], memberships[i]) = (other, membership);
        }
    }

    /// <inheritdoc/>
    public void Announce(Toward toward, ReadOnlySpan<int> segments, bool rows)
    {
        if (!_announces)
        {
            return;
        }
        MappedTensor<long> offsets = toward == Toward.Nodes ? _nodeOffsets : _edgeOffsets;
        foreach (int segment in segments)
        {
            offsets.Announce(segment, 2);
        }
        for (int i = 0; i < segments.Length && rows; i++)
        {
            (long start, int count) = RowOf(toward, segments[i]);
            if (count > WholeRow)
            {
                continue;
            }
            (toward == Toward.Nodes ? _nodeEdges : _edgeNodes).Announce(start, count);
            if (toward == Toward.Nodes)
            {
                _nodeMemberships.Announce(start, count);
            }
        }
    }

    /// <summary>The members of a hyperedge where they lie; valid until the store is disposed.</summary>
    /// <exception cref="InvalidDataException">The offsets are damaged there.</exception>
    public ReadOnlySpan<int> MembersOf(int edge)
    {
        (long start, int count) = RowOf(Toward.Edges, edge);
        return _edgeNodes.Slice(start, count);
    }

    /// <summary>Copies the features of some nodes.</summary>
    /// <param name="nodes">Which, in any order.</param>
    /// <param name="rows">Gets them one after the other, <c>[nodes, F]</c>.</param>
    /// <exception cref="ArgumentException">A node is out of range, rows is not as long, or there are no features.</exception>
    public void ReadFeatures(ReadOnlySpan<int> nodes, Span<float> rows)
    {
        int width = FeatureCount;
        if (_features is null || rows.Length != (long)nodes.Length * width)
        {
            throw new ArgumentException($"HypergraphStore: the store has {width} features of a node, for {nodes.Length} nodes; got room for {rows.Length} numbers.", nameof(rows));
        }
        for (int i = 0; i < nodes.Length; i++)
        {
            if (_announces && i % AnnouncedAtOnce == 0)
            {
                foreach (int node in nodes.Slice(i, Math.Min(AnnouncedAtOnce, nodes.Length - i)))
                {
                    CheckNode(node);
                    _features.Announce((long)node * width, width);
                }
            }
            CheckNode(nodes[i]);
            _features.Read((long)nodes[i] * width, rows.Slice(i * width, width));
        }
    }

    /// <summary>Copies the classes of some nodes.</summary>
    /// <param name="nodes">Which, in any order.</param>
    /// <param name="labels">Gets them; below 0 for none.</param>
    /// <exception cref="ArgumentException">A node is out of range, labels is not as long, or there are none.</exception>
    /// <exception cref="InvalidDataException">A label is not below the number of classes.</exception>
    public void ReadLabels(ReadOnlySpan<int> nodes, Span<int> labels)
    {
        if (_labels is null || labels.Length != nodes.Length)
        {
            throw new ArgumentException($"HypergraphStore: the store has labels of {Classes} classes, for {nodes.Length} nodes; got room for {labels.Length}.", nameof(labels));
        }
        for (int i = 0; i < nodes.Length; i++)
        {
            CheckNode(nodes[i]);
            _labels.Read(nodes[i], labels.Slice(i, 1));
            if (labels[i] >= Classes)
            {
                throw _labels.Fail(nodes[i], $"labels must be below {Classes}; got {labels[i]}.");
            }
        }
    }

    /// <summary>Reads everything: offsets must ascend, ids lie in their range, both directions say the same, checksums fit.</summary>
    /// <param name="progress">Gets the share that is done.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="InvalidDataException">Something is damaged; the message names file and place.</exception>
    public void Verify(IProgress<double>? progress = null, CancellationToken cancel = default)
    {
        StoreCheck check = new(_manifest, progress, cancel);
        check.Offsets(_edgeOffsets);
        check.Offsets(_nodeOffsets);
        check.Ids(_edgeNodes, 0, NodeCount);
        check.Ids(_nodeEdges, 0, EdgeCount);
        check.Directions(_edgeNodes, _edgeOffsets, _nodeOffsets, _nodeEdges, _nodeMemberships);
        if (_labels is not null)
        {
            check.Ids(_labels, -1, Classes);
        }
        foreach ((StoreFile file, _) in _manifest.Expected())
        {
            check.Checksum(Path.Combine(Folder, file.FileName), _manifest.Files[file.FileName].Checksum);
        }
    }

    /// <summary>Brings the structure into memory.</summary>
    /// <param name="device">Where it goes; null means <see cref="Device.Default"/>.</param>
    /// <exception cref="ArgumentException">There are more memberships than a list in memory holds.</exception>
    public Hypergraph ToHypergraph(Device? device = null)
    {
        if (MembershipCount > Array.MaxLength)
        {
            throw new ArgumentException($"HypergraphStore: a hypergraph in memory has at most {Array.MaxLength:N0} memberships; this one has {MembershipCount:N0}.");
        }
        int[] nodes = new int[MembershipCount], edges = new int[MembershipCount];
        Copy(_edgeNodes, nodes);
        for (int edge = 0; edge < EdgeCount; edge++)
        {
            (long start, int count) = RowOf(Toward.Edges, edge);
            edges.AsSpan((int)start, count).Fill(edge);
        }
        return Hypergraph.FromPairs(NodeCount, EdgeCount, nodes, edges, device);
    }

    /// <summary>Closes the files.</summary>
    public void Dispose() => _open.ForEach(static file => file.Dispose());

    private static void Copy<T>(MappedTensor<T> from, Span<T> to)
        where T : unmanaged
    {
        for (int start = 0; start < to.Length; start += MappedTensor<T>.WindowElements)
        {
            int count = Math.Min(MappedTensor<T>.WindowElements, to.Length - start);
            from.Slice(start, count).CopyTo(to.Slice(start, count));
        }
    }

    private (long Start, int Count) RowOf(Toward toward, int segment)
    {
        MappedTensor<long> offsets = toward == Toward.Nodes ? _nodeOffsets : _edgeOffsets;
        if ((uint)segment >= (ulong)(offsets.Length - 1))
        {
            string what = toward == Toward.Nodes ? "nodes" : "hyperedges";
            throw new ArgumentOutOfRangeException(nameof(segment), $"HypergraphStore: {what} are from 0 to below {offsets.Length - 1}; got {segment}.");
        }
        Span<long> ends = stackalloc long[2];
        offsets.Read(segment, ends);
        (long start, long end) = (ends[0], ends[1]);
        return start >= 0 && start <= end && end <= MembershipCount && end - start <= Array.MaxLength
            ? (start, (int)(end - start))
            : throw offsets.Fail(segment, $"offsets must ascend from 0 to {MembershipCount:N0}; here {start:N0} and {end:N0} follow each other.");
    }

    private void CheckEnds(MappedTensor<long> offsets)
    {
        (long first, long last) = (offsets.Slice(0, 1)[0], offsets.Slice(offsets.Length - 1, 1)[0]);
        if (first != 0 || last != MembershipCount)
        {
            throw offsets.Fail(first != 0 ? 0 : offsets.Length - 1, $"offsets must go from 0 to {MembershipCount:N0}; they go from {first:N0} to {last:N0}.");
        }
    }

    private void CheckNode(int node)
    {
        if ((uint)node >= (uint)NodeCount)
        {
            throw new ArgumentException($"HypergraphStore: nodes must be from 0 to below {NodeCount}; got {node}.");
        }
    }
}
