namespace HyperKernels.Distributed;

/// <summary>
/// Writes a hypergraph into a folder, hyperedge by hyperedge and node by node, of any size: it never holds the whole. <see cref="HypergraphStore"/> reads it.
/// </summary>
/// <remarks>
/// Hyperedges, features and labels may come in any order of the three, each in its own order. Rows of nodes are made at the end from temporary files in the folder,
/// 16 bytes a membership. The manifest is written last: a folder without one is not whole, and no reader takes it. docs/scale.md describes the files.
/// </remarks>
public sealed class HypergraphStoreWriter : IDisposable
{
    private const int OffsetChunk = 1 << 14;
    private const int DefaultRanges = 64;
    private const int MostRanges = 1024;

    private readonly string _folder;
    private readonly int _nodes;
    private readonly StoreWriterOptions _options;
    private readonly Dictionary<StoreFile, TensorFileWriter> _files = [];
    private readonly MembershipTranspose _transpose;
    private readonly long[] _ends = new long[OffsetChunk];
    private int _endCount;
    private int _edges;
    private long _memberships;
    private long _featureValues;
    private long _labels;
    private bool _isDisposed;

    /// <summary>Begins a hypergraph.</summary>
    /// <param name="folder">The folder to make, or to fill: files of the same names are replaced.</param>
    /// <param name="nodes">N, from 0.</param>
    /// <param name="options">What there will be; structure alone if null.</param>
    /// <exception cref="ArgumentException">A number is negative.</exception>
    /// <exception cref="IOException">The folder cannot be made or written.</exception>
    public HypergraphStoreWriter(string folder, int nodes, StoreWriterOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _options = options ?? new StoreWriterOptions();
        if (nodes < 0 || _options.FeatureCount < 0 || _options.Classes < 0 || _options.ExpectedMemberships < 0 || _options.WorkingBytes < 1)
        {
            throw new ArgumentException(
                $"HypergraphStoreWriter: counts must not be negative; got {nodes} nodes, {_options.FeatureCount} features, {_options.Classes} classes, "
                + $"{_options.ExpectedMemberships} memberships and {_options.WorkingBytes} bytes to work in.");
        }
        (_folder, _nodes) = (folder, nodes);
        Directory.CreateDirectory(folder);
        File.Delete(Path.Combine(folder, StoreManifest.FileName));
        long perRange = Math.Max(1, _options.WorkingBytes / 16);
        int ranges = _options.ExpectedMemberships == 0 ? DefaultRanges : (int)Math.Clamp((_options.ExpectedMemberships / perRange) + 1, 1, MostRanges);
        _transpose = new MembershipTranspose(folder, nodes, Math.Min(ranges, Math.Max(1, nodes)), _options.WorkingBytes);
        try
        {
            Open(StoreFile.EdgeOffsets).Write<long>([0]);
            Open(StoreFile.EdgeNodes);
            Open(StoreFile.NodeOffsets);
            Open(StoreFile.NodeEdges);
            Open(StoreFile.NodeMemberships);
            if (_options.FeatureCount > 0)
            {
                Open(StoreFile.Features);
            }
            if (_options.Classes > 0)
            {
                Open(StoreFile.Labels);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Writes the next hyperedge.</summary>
    /// <param name="members">Its nodes; one that comes twice counts twice.</param>
    /// <exception cref="ArgumentException">A node is out of range, or there are too many hyperedges.</exception>
    /// <exception cref="ObjectDisposedException">It was completed or disposed.</exception>
    public void AddEdge(ReadOnlySpan<int> members)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        foreach (int node in members)
        {
            if ((uint)node >= (uint)_nodes)
            {
                throw new ArgumentException($"HypergraphStoreWriter: nodes must be from 0 to below {_nodes}; hyperedge {_edges} has {node}.");
            }
        }
        if (_edges == int.MaxValue - 1)
        {
            throw new ArgumentException($"HypergraphStoreWriter: there can be {int.MaxValue - 1:N0} hyperedges.");
        }
        foreach (int node in members)
        {
            _transpose.Add(node, _edges, _memberships++);
        }
        _files[StoreFile.EdgeNodes].Write(members);
        _edges++;
        _ends[_endCount++] = _memberships;
        if (_endCount == _ends.Length)
        {
            FlushOffsets();
        }
    }

    /// <summary>Writes the features of the next nodes.</summary>
    /// <param name="rows">Whole rows, one after the other.</param>
    /// <exception cref="ArgumentException">There are no features, not whole rows, or more rows than nodes.</exception>
    /// <exception cref="ObjectDisposedException">It was completed or disposed.</exception>
    public void AddFeatures(ReadOnlySpan<float> rows)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        int width = _options.FeatureCount;
        if (width == 0 || rows.Length % width != 0 || _featureValues + rows.Length > (long)_nodes * width)
        {
            throw new ArgumentException(
                $"HypergraphStoreWriter: features must be rows of {width} for {_nodes} nodes; got {rows.Length} numbers after {_featureValues}.", nameof(rows));
        }
        _files[StoreFile.Features].Write(rows);
        _featureValues += rows.Length;
    }

    /// <summary>Writes the classes of the next nodes.</summary>
    /// <param name="labels">From 0 to below the number of classes; -1 for none.</param>
    /// <exception cref="ArgumentException">There are more labels than nodes, or one is out of range.</exception>
    /// <exception cref="ObjectDisposedException">It was completed or disposed.</exception>
    public void AddLabels(ReadOnlySpan<int> labels)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        int bad = labels.IndexOfAnyExceptInRange(-1, _options.Classes - 1);
        if (_options.Classes == 0 || bad >= 0 || _labels + labels.Length > _nodes)
        {
            throw new ArgumentException(
                $"HypergraphStoreWriter: labels must be from -1 to below {_options.Classes}, one for each of {_nodes} nodes; "
                + (bad >= 0 ? $"that of node {_labels + bad} is {labels[bad]}." : $"got {labels.Length} after {_labels}."), nameof(labels));
        }
        _files[StoreFile.Labels].Write(labels);
        _labels += labels.Length;
    }

    /// <summary>Makes the rows of nodes, ends all files and writes the manifest.</summary>
    /// <exception cref="InvalidOperationException">Features or labels of some nodes are missing.</exception>
    /// <exception cref="ObjectDisposedException">It was completed or disposed.</exception>
    public void Complete()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_featureValues != (long)_nodes * _options.FeatureCount || _labels != (_options.Classes > 0 ? _nodes : 0))
        {
            throw new InvalidOperationException(
                $"HypergraphStoreWriter: every one of {_nodes} nodes must have features and a label, where there are any; there are {_featureValues} numbers of "
                + $"{(long)_nodes * _options.FeatureCount}, and {_labels} labels.");
        }
        FlushOffsets();
        _transpose.Write(_files[StoreFile.NodeOffsets], _files[StoreFile.NodeEdges], _files[StoreFile.NodeMemberships]);
        Dictionary<string, (long, uint?)> listed = [];
        StoreManifest manifest = new(_nodes, _edges, _memberships, _options.FeatureCount, _options.Classes) { Files = listed };
        foreach ((StoreFile file, long[] shape) in manifest.Expected())
        {
            TensorFileWriter writer = _files[file];
            listed.Add(file.FileName, (writer.Length, _options.Checksums ? writer.Checksum : null));
            writer.Complete(shape);
        }
        manifest.Write(_folder);
        Dispose();
    }

    /// <summary>Closes the files; without <see cref="Complete"/> the folder stays without a manifest.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _transpose.Dispose();
        foreach (TensorFileWriter file in _files.Values)
        {
            file.Dispose();
        }
    }

    private TensorFileWriter Open(StoreFile file)
    {
        TensorFileWriter writer = new(Path.Combine(_folder, file.FileName), file.Name, file.Type, _options.Checksums);
        _files.Add(file, writer);
        return writer;
    }

    private void FlushOffsets()
    {
        _files[StoreFile.EdgeOffsets].Write<long>(_ends.AsSpan(0, _endCount));
        _endCount = 0;
    }
}
