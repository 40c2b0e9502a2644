using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Experts that are gated feed-forward blocks (<see cref="GatedMlp"/>), in one tensor per kind so that the rows of all experts run in three grouped products.</summary>
public sealed class GatedExperts : Layer, IStoredLayer<GatedExperts>
{
    static GatedExperts() => LayerTypes.Register<GatedExperts>();

    /// <summary>Makes the experts; each starts like a block of its own.</summary>
    /// <param name="experts">The number E of experts.</param>
    /// <param name="features">D.</param>
    /// <param name="hiddenFeatures">H, the neurons of an expert.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public GatedExperts(int experts, int features, int hiddenFeatures, RandomStream? random = null)
    {
        if (experts < 1 || features < 1 || hiddenFeatures < 1)
        {
            throw new ArgumentException($"GatedExperts: experts, features and hiddenFeatures must be at least 1; got {experts}, {features} and {hiddenFeatures}.");
        }
        (Experts, Features, HiddenFeatures) = (experts, features, hiddenFeatures);
        Gate = AddParameter("gate", [experts, hiddenFeatures, features], Initializer.DefaultFor(features), random);
        Up = AddParameter("up", [experts, hiddenFeatures, features], Initializer.DefaultFor(features), random);
        Down = AddParameter("down", [experts, features, hiddenFeatures], Initializer.DefaultFor(hiddenFeatures), random);
    }

    /// <summary>E.</summary>
    public int Experts { get; }

    /// <summary>D.</summary>
    public int Features { get; }

    /// <summary>H.</summary>
    public int HiddenFeatures { get; }

    /// <summary><c>[E, H, D]</c></summary>
    public Parameter Gate { get; }

    /// <summary><c>[E, H, D]</c></summary>
    public Parameter Up { get; }

    /// <summary><c>[E, D, H]</c></summary>
    public Parameter Down { get; }

    /// <summary>Cuts a dense block into experts of consecutive neurons; together they are the block.</summary>
    /// <param name="block">Stays as it is.</param>
    /// <param name="experts">Divides the block's neurons.</param>
    /// <exception cref="ArgumentException">It does not.</exception>
    public static GatedExperts Split(GatedMlp block, int experts)
    {
        ArgumentNullException.ThrowIfNull(block);
        if (experts < 1 || block.HiddenFeatures % experts != 0)
        {
            throw new ArgumentException($"GatedExperts: the number of experts must divide the {block.HiddenFeatures} neurons of the block; got {experts}.", nameof(experts));
        }
        GatedExperts result = new(experts, block.Features, block.HiddenFeatures / experts);
        using MemoryScope scope = new();
        result.Gate.Load(block.Gate.Weight.Value.ToArray());
        result.Up.Load(block.Up.Weight.Value.ToArray());
        Tensor down = Ops.Reshape(block.Down.Weight.Value, block.Features, experts, -1);
        result.Down.Load(Ops.Permute(down, 1, 0, 2).ToArray());
        return result;
    }

    /// <summary>Runs every row through its expert.</summary>
    /// <param name="rows"><c>[M, D]</c>, sorted by expert.</param>
    /// <param name="groups">The rows of each expert.</param>
    /// <returns><c>[M, D]</c></returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public Tensor Forward(Tensor rows, RowGroups groups) => Forward(rows, groups, Gate.Value, Up.Value, Down.Value);

    /// <summary>Runs every row through every expert.</summary>
    /// <param name="rows"><c>[M, D]</c></param>
    /// <returns><c>[E, M, D]</c></returns>
    /// <exception cref="ArgumentException">The rows have another size.</exception>
    public Tensor ForwardAll(Tensor rows)
    {
        Tensor Wide(Parameter weight) => Ops.Reshape(weight.Value, Experts * HiddenFeatures, Features);
        Tensor hidden = Ops.Multiply(Ops.Linear(rows, Wide(Gate), activation: Activation.Silu), Ops.Linear(rows, Wide(Up)));
        Tensor apart = Ops.Permute(Ops.Reshape(hidden, rows.Shape[0], Experts, HiddenFeatures), 1, 0, 2);
        return Ops.Matmul(apart, Down.Value, transposeB: true);
    }

    /// <summary>Runs every row through the expert of given weights that serves it.</summary>
    internal static Tensor Forward(Tensor rows, RowGroups groups, Tensor gate, Tensor up, Tensor down)
    {
        Tensor hidden = Ops.Multiply(Ops.LinearGrouped(rows, gate, groups, activation: Activation.Silu), Ops.LinearGrouped(rows, up, groups));
        return Ops.LinearGrouped(hidden, down, groups);
    }

    static string IStoredLayer<GatedExperts>.TypeName => "GatedExperts";

    static GatedExperts IStoredLayer<GatedExperts>.Read(LayerSettings settings) => new(settings.Int("experts"), settings.Int("features"), settings.Int("hiddenFeatures"));

    void IStoredLayer<GatedExperts>.WriteSettings(LayerSettings settings) => settings
        .Set("experts", Experts).Set("features", Features).Set("hiddenFeatures", HiddenFeatures);

    /// <inheritdoc/>
    protected override string Describe() => $"GatedExperts({Experts}, {Features}, {HiddenFeatures})";
}
