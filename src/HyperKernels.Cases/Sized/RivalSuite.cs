namespace HyperKernels.Cases.Sized;

/// <summary>A line of a table of rivals: what is timed here, and by the scripts in <c>bench/peers</c> and <c>bench/gpu</c>, which read this side's report.</summary>
/// <param name="Row">The table's row: several sizes share one.</param>
/// <param name="Op">One of <see cref="SizedOps"/>.</param>
/// <param name="Sizes">Its sizes in letters.</param>
public sealed record RivalLine(int Row, string Op, string Sizes)
{
    /// <summary>The op of that name.</summary>
    public SizedOp Sized => SizedOps.All.Single(op => op.Name == Op);
}

/// <summary>The works that are compared with other libraries.</summary>
public static class RivalSuite
{
    /// <summary>All lines in the order of the table. Row 2 is row 1 at 256 bits, row 3 row 1 on two threads.</summary>
    public static IReadOnlyList<RivalLine> All { get; } =
    [
        .. Lines(1, "matmul", "B=1 M=256 K=256 N=256", "B=1 M=512 K=512 N=512", "B=1 M=1024 K=1024 N=1024", "B=1 M=2048 K=2048 N=2048"),
        .. Lines(1, "matmul", "B=1 M=320 K=320 N=320", "B=1 M=1000 K=1000 N=1000", "B=1 M=1536 K=1536 N=1536", "B=1 M=777 K=913 N=1531"),
        .. Lines(4, "matmul", "B=1 M=8 K=8 N=8", "B=1 M=16 K=16 N=16", "B=1 M=32 K=32 N=32", "B=1 M=64 K=64 N=64"),
        .. Lines(5, "matmul", "B=4096 M=1 K=32 N=32", "B=256 M=1 K=64 N=64", "B=256 M=32 K=64 N=64", "B=64 M=16 K=128 N=128"),
        // Row 7, forward and backward, is the training column of the same lines.
        .. Lines(
            6,
            "generate_linear",
            "B=64 T=1 I=128 O=128 H=64",
            "B=64 T=16 I=128 O=128 H=64",
            "B=128 T=1 I=256 O=256 H=16",
            "B=32 T=64 I=64 O=64 H=64"),
        .. Lines(
            8,
            "conv2d_per_sample",
            "B=16 I=16 O=16 S=28 K=3",
            "B=16 I=64 O=64 S=28 K=3",
            "B=64 I=16 O=16 S=28 K=3",
            "B=64 I=64 O=64 S=28 K=3"),
        .. Lines(
            9,
            "hypergraph_conv",
            "N=20000 E=20000 M=100000 F=64",
            "N=20000 E=20000 M=100000 F=256",
            "N=100000 E=50000 M=400000 F=64",
            "N=100000 E=50000 M=400000 F=256",
            "N=1000000 E=500000 M=4000000 F=64",
            "N=1000000 E=500000 M=4000000 F=256"),
        .. Lines(
            10,
            "segment_attention",
            "N=20000 E=20000 M=100000 F=64 H=4",
            "N=20000 E=20000 M=100000 F=256 H=4",
            "N=100000 E=50000 M=400000 F=64 H=4",
            "N=100000 E=50000 M=400000 F=256 H=4",
            "N=1000000 E=500000 M=4000000 F=64 H=4",
            "N=1000000 E=500000 M=4000000 F=256 H=4"),
        .. Lines(11, "mip_mlp_step", "B=32 C=32"),
        .. Lines(12, "adam", "P=13000000"),
        .. Lines(13, "lenet_step", "B=64"),
        .. Lines(14, "hyper_lstm", "B=32 I=256 H=256 K=128 Z=16 T=100"),
        .. Lines(15, "mlp_step", "B=1 I=8 H=16"),
    ];

    /// <summary>The same ops at sizes that fill a graphics processor; its own rows.</summary>
    public static IReadOnlyList<RivalLine> Gpu { get; } =
    [
        .. Lines(1, "matmul", "B=1 M=1024 K=1024 N=1024", "B=1 M=2048 K=2048 N=2048", "B=1 M=4096 K=4096 N=4096", "B=1 M=8192 K=8192 N=8192"),
        .. Lines(2, "matmul", "B=16384 M=8 K=8 N=8", "B=8192 M=16 K=16 N=16", "B=8192 M=32 K=32 N=32", "B=4096 M=64 K=64 N=64"),
        // One row per context: the weights, 268 MB if they were written, are beyond every cache.
        .. Lines(3, "generate_linear", "B=1024 T=1 I=256 O=256 H=8", "B=1024 T=1 I=256 O=256 H=16", "B=1024 T=1 I=256 O=256 H=64"),
        .. Lines(4, "generate_linear", "B=1024 T=32 I=256 O=256 H=16", "B=1024 T=64 I=256 O=256 H=64"),
        .. Lines(5, "conv2d_per_sample", "B=64 I=64 O=64 S=28 K=3", "B=256 I=32 O=32 S=28 K=3"),
        .. Lines(6, "hypergraph_conv", "N=1000000 E=500000 M=10000000 F=64", "N=1000000 E=500000 M=10000000 F=256"),
        .. Lines(7, "segment_attention", "N=1000000 E=500000 M=10000000 F=64 H=4"),
        .. Lines(8, "mip_mlp_step", "B=32 C=32"),
        .. Lines(9, "adam", "P=13000000", "P=100000000"),
        .. Lines(10, "lenet_step", "B=64", "B=1024"),
    ];

    /// <summary>Training steps and inference of the published hypernetworks at their recipes' sizes.</summary>
    public static IReadOnlyList<RivalLine> Hypernetworks { get; } =
    [
        .. Lines(1, "mip_step", "B=64 C=64 H=128"),
        .. Lines(2, "mip_mlp_step", "B=32 C=32"),
        .. Lines(3, "static_hyper_step", "B=1000"),
        .. Lines(4, "hyper_lstm", "B=64 I=65 H=128 K=64 Z=16 T=100"),
        .. Lines(5, "task_chunks_step", "B=128 S=750"),
        .. Lines(6, "task_recurrent_step", "B=128 S=4000"),
        .. Lines(7, "self_tuning_step", "B=128 H=256 N=5"),
        .. Lines(8, "shapeshifter_step", "B=128 H=256 P=100000"),
        .. Lines(9, "interval_step", "B=128 H=100"),
        .. Lines(10, "self_tuning_cnn_step", "B=128 N=4"),
    ];

    /// <summary>Layers whose weights are mixed, routed, adapted or generated per sample.</summary>
    public static IReadOnlyList<RivalLine> Conditional { get; } =
    [
        .. Lines(1, "condconv", "B=16 C=64 S=28 E=4", "B=16 C=64 S=28 E=8"),
        .. Lines(
            2, "generated_lora", "B=64 T=1 I=256 R=4", "B=64 T=16 I=256 R=4", "B=16 T=256 I=256 R=4", "B=64 T=1 I=256 R=16", "B=64 T=16 I=256 R=16",
            "B=16 T=256 I=256 R=16"),
        .. Lines(3, "sparse_mixture", "N=1024 I=256 H=512 E=8", "N=1024 I=256 H=512 E=64"),
        .. Lines(4, "hyper_adapter", "B=32 T=16 D=256 R=16", "B=32 T=64 D=512 R=64"),
        .. Lines(5, "kronecker_conv2d", "B=16 C=64 S=28 N=4"),
        .. Lines(6, "siren_per_sample", "B=16 P=1024 H=64 Z=64"),
    ];

    /// <summary>
    /// The hops of a convolution and a softmax in hyperedges at the sizes of Cora's and Pubmed's co-citations, DBLP's co-authorships and the messages of email-Eu; then epochs
    /// of published networks at Cora's sizes, every node with a hyperedge of its own besides, and of two at DBLP's, whose features are of the structure.
    /// </summary>
    public static IReadOnlyList<RivalLine> Hypergraphs { get; } =
    [
        .. Lines(
            1,
            "hypergraph_conv",
            "N=2708 E=1579 M=4786 F=64",
            "N=19717 E=7963 M=34629 F=64",
            "N=41302 E=22363 M=99561 F=64",
            "N=986 E=209508 M=541842 F=64"),
        .. Lines(
            2, "segment_softmax", "N=2708 E=1579 M=4786 H=8", "N=19717 E=7963 M=34629 H=8", "N=41302 E=22363 M=99561 H=8", "N=986 E=209508 M=541842 H=8"),
        .. Lines(3, "hgnn_step", "N=2708 E=4287 M=7494 I=1433 H=64", "N=41302 E=63665 M=140863 I=129 H=64"),
        .. Lines(4, "hypergcn_step", "N=2708 E=4287 M=7494 I=1433 H=64"),
        .. Lines(5, "unigcnii_step", "N=2708 E=4287 M=7494 I=1433 H=64"),
        .. Lines(6, "unigat_step", "N=2708 E=4287 M=7494 I=1433 H=8", "N=41302 E=63665 M=140863 I=129 H=8"),
        .. Lines(7, "allset_step", "N=2708 E=4287 M=7494 I=1433 H=256"),
        .. Lines(8, "edhnn_step", "N=2708 E=4287 M=7494 I=1433 H=256"),
        .. Lines(9, "phenomnn_step", "N=2708 E=4287 M=7494 I=1433 H=64"),
    ];

    private static IEnumerable<RivalLine> Lines(int row, string op, params string[] sizes) => sizes.Select(text => new RivalLine(row, op, text));
}
