namespace HyperKernels.Models;

/// <summary>All published systems of the library: a line for each, in the order of the documentation.</summary>
public static class PublishedSystems
{
    /// <summary>The systems, kind by kind.</summary>
    public static IReadOnlyList<PublishedSystem> All { get; } =
    [
        CoreSystems.MagnitudeInvariant,
        CoreSystems.PerSample,
        CoreSystems.Hyperfan,
        StaticHyperNetwork.Published,
        HyperRnnCell.Published,
        HyperLstmCell.Published,
        Shapeshifter.Published,
        NeuMeta.Published,
        CheckpointTransformer.Published,
        Igpg.Published,
        BayesianHyperNetwork.Published,
        TaskHyperNetwork.Published,
        OutputRegulariser.Published,
        RecurrentEmission.Published,
        HyperInterval.Published,
        LinearHyperNetwork.Published,
        DynamicHyperNetwork.Published,
        SmashGenerator.Published,
        SelfTuningNetwork.Published,
        StochasticBestResponse.Published,
        GraphSystems.Ghn1,
        GraphSystems.Ghn2,
        GraphSystems.Ghn3,
        GraphSystems.Logah,
        GeneratedHgtConv.Published,
        SetConditionedAdapter.Published,

        SparseMixture.Published,
        HyperGate.Published,
        Smore.Published,
        ContextExperts.Published,
        NeuronMaskExperts.Published,
        Upcycling.Published,
        ExpertPruning.Published,
        SparseMixture.RunTimeCapacity,
        AdaptDhm.Published,
        TokenMixingExperts.Published,
        FactoredMlp.Published,
        HyperConnection.Published,
        ParameterAttention.Published,
        HyperShot.Published,
        FunctionHyperNetwork.Published,
        SiePredictor.Published,
        TransportMap.Published,
        TokenFunction.Published,
        HyperPinn.Published,
        HyperformerAdapter.Published,
        LanguageAdapter.Published,
        PrototypeAdapter.Published,
        HintGenerator.Published,
        PolyhistorAdapter.Published,
        HyperformerController.Perspectivist,
        Hyma.Published,
        CondConv.Published,
        ParameterNet.Published,
        SupernetLinear.Published,
        Smear.Published,
        AttributeMixture.Published,
        ConditionalAdapter.Published,
        PaLora.Published,
        GeneratedLora.Published,
        Hydra.Published,
        Flora.Published,
        KroneckerLinear.Published,
        IntrinsicDimension.Published,
        Doh.Published,
        ProjectedLinear.Published,
        HyperStyle.Published,
        DomainConv.Published,
        HyperPlanes.Published,
        ConditionalNorm.Published,
        BindNetwork.Published,
        ControlNorm.Published,
        ModulationField.Published,
        SharedBankNetwork.Published,
        ArmNet.Published,

        Hgnn.Published,
        AllSet.Published,
        EdHnn.Published,
        SoftHgnnConv.Published,
        Hdhgn.Published,
        HyperDrop.Published,
        HyperCluster.Published,
        PhenomNn.Published,
        LightHgnn.Published,
        HypeBoy.Published,
        HyperAgent.Published,
        ProjectionLoss.Published,
        SimplicialClosure.Published,
        PathRanking.Published,
        CoNhd.Published,
        WhatsNet.Published,
        HgnnPlus.Published,
        UniGnn.Published,
        UniGatConv.Published,
        UniGcnII.Published,
        HyperGcn.Published,
        Hcha.Published,
        Hnhn.Published,
        MetaHgnie.Published,
        HyperFormerInteraction.Published,

        LatentNetwork.Published,
        NetworkRewriter.Published,
        NetworkReader.Published,
    ];

    /// <summary>
    /// Lets files hold the layers of all systems: called before a file is loaded that holds one which the program has not used yet. Each class
    /// registers itself at its first use (<see cref="Layers.LayerTypes"/>).
    /// </summary>
    // Making the list uses every class for the first time.
    public static void RegisterLayers() => _ = All;

    /// <summary>The system whose reference cases carry a name.</summary>
    /// <param name="caseName">What the cases name as their system: <c>hgnn_conv</c>.</param>
    /// <returns>Null for names that belong to no published system, such as those of primitives.</returns>
    public static PublishedSystem? OfCases(string caseName) => All.FirstOrDefault(system => system.Cases.Contains(caseName));
}
