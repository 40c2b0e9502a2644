using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Shapeshifter networks: any network whose weights share a budget of parameters, larger or smaller than the network has. Made as a
/// <see cref="HyperNetwork"/> over the target, so that training, files and <see cref="HyperNetwork.Materialize"/> work as for any other.
/// </summary>
public static class Shapeshifter
{
    // The authors' banks hold whole 3x3 kernels.
    private const int Kernel = 9;

    static Shapeshifter()
    {
        LayerTypes.Register<ShapeshifterEmission>();
        LayerTypes.Register<SharedTemplates>();
        LayerTypes.Register<Unconditional>();
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "ssn",
        Title = "Shapeshifter network (SSN)",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper("Plummer, Dryden, Frost, Hoefler, Saenko", "Neural Parameter Allocation Search", "ICLR", 2022) { Arxiv = "2006.10598" },
        Equation = "W_l = sum_j a_lj resize(T_lj) with templates T in a bank that a group of layers shares; a learned, or a = P e_l + p",
        Source = "section 3, and the authors' code, BryanPlummer/SSN",
        Layers = [typeof(ShapeshifterEmission), typeof(SharedTemplates), typeof(Unconditional)],
        Design = new HypernetworkDesign(HyperInput.Task, HyperOutput.Components, HyperArchitecture.Mlp),
        Cases = ["shapeshifter network (shared parameter bank)"],
    };

    /// <summary>Lets the weights of a target share banks.</summary>
    /// <param name="target">Any layer; its weights with two axes or more share, everything else stays its own.</param>
    /// <param name="options">Budget, groups and the rest; null means the defaults.</param>
    /// <returns>A hypernetwork over the target; without conditions it is run as <c>network.Forward(input)</c>.</returns>
    /// <exception cref="ArgumentException">There are no two weights in one group, the groups do not fit the weights, or the budget is too small.</exception>
    public static HyperNetwork For(Layer target, ShapeshifterOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        options ??= new ShapeshifterOptions();
        TargetManifest all = WeightsOf(target);
        int[] groups = options.LearnsGroups || options.Groups is null ? new int[all.Entries.Count] : [.. options.Groups];
        if (groups.Length != all.Entries.Count)
        {
            throw new ArgumentException(
                $"Shapeshifter.For: a group for each of the target's {all.Entries.Count} weights is needed; got {groups.Length}.", nameof(options));
        }
        int[] shared = [.. Enumerable.Range(0, groups.Length).Where(i => groups.Count(group => group == groups[i]) > 1)];
        if (shared.Length == 0)
        {
            throw new ArgumentException("Shapeshifter.For: at least two weights must be in one group; each is alone in its own.", nameof(options));
        }
        Dictionary<int, int> numbers = [];
        int[] own = [.. shared.Select(i => numbers.TryGetValue(groups[i], out int number) ? number : numbers[groups[i]] = numbers.Count)];
        long alone = all.Count - shared.Sum(i => (long)all.Entries[i].Count);
        int[] sizes = BankSizes([.. shared.Select(i => all.Entries[i].Count)], own, options, options.Budget - alone);
        HashSet<string> names = [.. shared.Select(i => all.Entries[i].Name)];
        TargetManifest manifest = TargetManifest.Of(target, where: named => names.Contains(named.Name));

        Conditioning conditioning = options.Conditioning ?? new Unconditional();
        GeneratorMlp generator = new(options.Embedding + conditioning.Size, options.Hidden, Activation.Relu, Initializer.KaimingNormal(), options.Random);
        return new HyperNetwork(target, conditioning, generator, new ShapeshifterEmission(manifest, generator.OutFeatures, own, sizes, options, options.Random));
    }

    /// <summary>The weights of a target that can share: those with two axes or more, in order.</summary>
    /// <param name="target">Any layer.</param>
    /// <exception cref="ArgumentException">There are none.</exception>
    public static TargetManifest WeightsOf(Layer target) =>
        TargetManifest.Of(target, where: static named => named.Role == ParameterRole.Weight && named.Parameter.Shape.Rank > 1);

    // What single layers leave of the budget is shared out by the groups' sizes.
    private static int[] BankSizes(int[] counts, int[] groups, ShapeshifterOptions options, long budget)
    {
        int[][] byGroup = [.. Enumerable.Range(0, groups.Max() + 1).Select(group => counts.Where((_, i) => groups[i] == group).ToArray())];
        if (options.Budget == 0 && !options.LearnsGroups)
        {
            return [.. byGroup.Select(static own => own.Max())];
        }
        if (budget < byGroup.Length)
        {
            throw new ArgumentException(
                $"Shapeshifter.For: {(options.LearnsGroups ? "learning groups needs a budget" : "the budget is too small")}: "
                + $"beside the weights that are alone in their group it leaves {budget} values for {byGroup.Length} banks.",
                nameof(options));
        }
        double total = counts.Sum(static count => (long)count);
        return [.. byGroup.Select(own => WholeKernels((int)Math.Round(own.Sum(static count => (long)count) / total * budget)))];
    }

    private static int WholeKernels(int size) => (Math.Max(size, 1) + Kernel - 1) / Kernel * Kernel;
}
