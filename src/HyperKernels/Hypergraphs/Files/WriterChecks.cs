namespace HyperKernels.IO;

/// <summary>Keeps writers from losing what their format has no place for.</summary>
internal static class WriterChecks
{
    /// <summary>Refuses data that has more than the format holds.</summary>
    public static void Holds(string format, HypergraphData data, HypergraphParts held)
    {
        ArgumentNullException.ThrowIfNull(data);
        HypergraphParts lost = PartsOf(data) & ~held;
        if (lost != HypergraphParts.None)
        {
            throw new ArgumentException(
                $"{format}: the format has no place for {lost}; leave it out (data with {{ {lost.ToString().Split(',')[0]} = "
                + $"{((lost & HypergraphParts.Kind) != 0 ? "Undirected" : "null")} }}) or write safetensors, which holds all.");
        }
    }

    /// <summary>Refuses names that would make one of two nodes or hyperedges.</summary>
    public static void Different(string format, ElementNames? names)
    {
        if (names?.Repeated is { } twice)
        {
            throw new ArgumentException($"{format}: the format tells nodes and hyperedges by their names; {BadFile.Quote(twice)} stands twice.");
        }
    }

    /// <summary>Refuses names that a line of text would not keep together, or keep apart.</summary>
    public static void Words(string format, ElementNames? names)
    {
        Different(format, names);
        foreach (string name in names ?? Enumerable.Empty<string>())
        {
            if (name.Length == 0 || name.AsSpan().IndexOfAny(" \t,\r\n") >= 0 || name[0] == '#')
            {
                throw new ArgumentException($"{format}: names must have no blanks, commas or line ends and not begin with #; {BadFile.Quote(name)} cannot be written.");
            }
        }
    }

    private static HypergraphParts PartsOf(HypergraphData data)
    {
        HypergraphParts parts = HypergraphParts.None;
        Note(data.Kind != NetworkKind.Undirected, HypergraphParts.Kind);
        Note(data.NodeNames is not null, HypergraphParts.NodeNames);
        Note(data.EdgeNames is not null, HypergraphParts.EdgeNames);
        Note(data.NodeWeights is not null, HypergraphParts.NodeWeights);
        Note(data.EdgeWeights is not null, HypergraphParts.EdgeWeights);
        Note(data.MembershipWeights is not null, HypergraphParts.MembershipWeights);
        Note(data.Roles is not null, HypergraphParts.Roles);
        Note(data.NodeLabels is not null, HypergraphParts.NodeLabels);
        Note(data.NodeLabelNames is not null, HypergraphParts.NodeLabelNames);
        Note(data.EdgeLabels is not null, HypergraphParts.EdgeLabels);
        Note(data.MembershipLabels is not null, HypergraphParts.MembershipLabels);
        Note(data.EdgeTimes is not null, HypergraphParts.EdgeTimes);
        Note(data.NodeFeatures is not null, HypergraphParts.NodeFeatures);
        Note(data.Metadata is not null, HypergraphParts.Metadata);
        Note(data.NodeAttributes is not null, HypergraphParts.NodeAttributes);
        Note(data.EdgeAttributes is not null, HypergraphParts.EdgeAttributes);
        Note(data.MembershipAttributes is not null, HypergraphParts.MembershipAttributes);
        return parts;

        void Note(bool has, HypergraphParts part) => parts |= has ? part : HypergraphParts.None;
    }
}
