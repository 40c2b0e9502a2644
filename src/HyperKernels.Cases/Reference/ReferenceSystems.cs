namespace HyperKernels.Cases;

/// <summary>The systems that this version can run; one small adapter file each.</summary>
public static class ReferenceSystems
{
    /// <summary>All adapters.</summary>
    public static IReadOnlyList<IReferenceSystem> All { get; } =
    [
        new PrimSpmmSystem(),
        new PrimSegmentSystem(),
        new HgnnConvSystem(),
        new HgnnModelSystem(),
        new MipSystem(),
        new PerSampleSystem(),
        new HyperfanSystem(),
        new HyperfanChunkedSystem(),
        new HyperLstmSystem(),
        new SsnSystem(),
        new NeuMetaSystem(),
        new CheckpointTransformerSystem(),
        new TaskHyperSystem("task-conditioned hypernetwork"),
        new TaskHyperSystem("chunked hypernetwork"),
        new OutputRegulariserSystem(),
        new RecurrentHyperSystem(),

        new SparseMixtureSystem(),
        new HyperRouterSystem(),
        new SmoreSystem(),
        new StaticHyperNetworkSystem(),
        new TiledHyperNetworkSystem(),
        new HyperRnnSystem(),
        new SmashSystem(),
        new HyperConnectionsSystem(),
        new TokenFormerSystem(),
        new HyperShotSystem(),
        new FunctionHyperNetworkSystem(),
        new SiePredictorSystem(),
        new TransportMapSystem(),
        new TokenFunctionSystem(),
        new HyperPinnSystem(),
        new HyperformerSystem(),
        new LanguageAdapterSystem(),
        new PrototypeAdapterSystem(),
        new HintSystem(),
        new CondConvSystem(),
        new SmearSystem(),
        new PaLoraSystem(),
        new GeneratedLoraSystem(),
        new HydraSystem(),
        new FloraSystem(),
        new PhmSystem(),
        new IntrinsicDimensionSystem(),
        new DohSystem(),
        new HyperStyleSystem(),
        new HyperDomainSystem(),
        new HyperPlanesSystem(),
        new BestResponseSystem("STN best-response layer", "lambda"),
        new BestResponseSystem("Self-Tuning Networks", "hyperparameters"),
        new HyperparameterMapSystem(),
        new GatedGraphSystem("GHN-1 gated message passing"),
        new GatedGraphSystem("GHN-2 gated message passing"),
        new ConvDecoderSystem(),
        new TileNormaliseSystem(),
        new GraphormerSystem(),
        new LowRankDecoderSystem(),
        new HyperIntervalSystem(),
        new ChunkHyperSystem("hyper-nn linear hypernetwork"),
        new ChunkHyperSystem("hyper-nn dynamic hypernetwork"),
    ];

    /// <summary>The adapter of a system, or null if this version has none.</summary>
    public static IReferenceSystem? Find(string name) => All.FirstOrDefault(system => system.Name == name);
}
