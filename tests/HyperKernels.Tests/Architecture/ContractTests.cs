using HyperKernels.Backends;

namespace HyperKernels.Tests.Architecture;

/// <summary>What a backend must offer is the sum of small contracts, one per op family, each with a ceiling.</summary>
public sealed class ContractTests
{
    // A new member needs a case that no composition of the old ones meets fast enough, measured.
    private static readonly Dictionary<Type, int> s_ceilings = new()
    {
        [typeof(IElementwiseBackend)] = 4,
        [typeof(IReduceBackend)] = 2,
        [typeof(IShapeBackend)] = 1,
        [typeof(IGatherBackend)] = 4,
        [typeof(IMatmulBackend)] = 2,
        [typeof(IConvBackend)] = 1,
        [typeof(IPoolBackend)] = 4,
        [typeof(ISoftmaxBackend)] = 3,
        [typeof(INormalizeBackend)] = 3,
        [typeof(IGatesBackend)] = 2,
        [typeof(ISegmentBackend)] = 5,
        [typeof(IGenerateBackend)] = 2,
        [typeof(IRandomBackend)] = 2,
        [typeof(IOptimizerBackend)] = 2,
        [typeof(IMemoryBackend)] = 6,
        [typeof(ILimitsBackend)] = 2,
        // Name, description, traits, threads, and the two that are optional.
        [typeof(IBackend)] = 6,
        [typeof(ICaptureBackend)] = 5,
        [typeof(IForeignMemoryBackend)] = 2,
        [typeof(IBackendProvider)] = 6,
        [typeof(IDisposable)] = 1,
    };

    public static IEnumerable<TestCaseData> Contracts =>
        typeof(IBackend).GetInterfaces()
            .Concat([typeof(IBackend), typeof(ICaptureBackend), typeof(IForeignMemoryBackend), typeof(IBackendProvider)])
            .Select(contract => new TestCaseData(contract).SetArgDisplayNames(contract.Name));

    [TestCaseSource(nameof(Contracts))]
    public void Contract_HasACeilingAndStaysUnderIt(Type contract)
    {
        Assert.That(s_ceilings, Contains.Key(contract), "a contract that IBackend takes up needs a ceiling here");
        // A property counts once: by its getter.
        int members = contract.GetMethods().Count(method => !method.Name.StartsWith("set_", StringComparison.Ordinal));
        Assert.That(members, Is.LessThanOrEqualTo(s_ceilings[contract]));
    }
}
