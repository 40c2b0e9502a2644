using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A conditional optimal transport: a hypernetwork makes a map <c>T(x, e) = x + g([x; e])</c> from one distribution to another, and a second one the critic f that judges
/// it; both read the same condition. They solve <c>sup_f inf_T E f(y) + E [|x - T|^2 / 2 - f(T)]</c> by steps in turn.
/// </summary>
/// <remarks>
/// <para>
/// Every sample has a condition of its own, and so weights of its own; or C conditions divide B samples, and each serves as many that follow each other.
/// </para>
/// <para>
/// Map and critic share the embeddings of kinds: a step of the map that trains them changes the critic too, and may lower the objective so instead of moving points. To train
/// steadily leave the embeddings as they are: <c>condition.Kinds.RequiresGradient = false</c>.
/// </para>
/// <para>
/// Source: Conditional transport maps by hypernetworks (Neural Conditional Transport Maps, 2025, arXiv 2505.15808); the saddle objective is that of neural optimal transport
/// (Korotin, Selikhanovych, Burnaev, ICLR 2023).
/// </para>
/// </remarks>
public sealed class TransportMap : Layer, IStoredLayer<TransportMap>
{
    private readonly int _noise;
    private readonly int _hidden;
    private readonly int _hyperHidden;
    private readonly TransportCondition _condition;

    static TransportMap()
    {
        LayerTypes.Register<TransportMap>();
        LayerTypes.Register<TransportCondition>();
    }

    /// <summary>Makes map and critic.</summary>
    /// <param name="condition">Prepares conditions; both share it.</param>
    /// <param name="features">The size D of a point.</param>
    /// <param name="noise">How much noise the map reads beside a point.</param>
    /// <param name="hidden">The width of map and critic.</param>
    /// <param name="hyperHidden">The width of their generators.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or noise is negative.</exception>
    public TransportMap(TransportCondition condition, int features, int noise = 1, int hidden = 64, int hyperHidden = 64, RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(condition);
        if (noise < 0)
        {
            throw new ArgumentException($"TransportMap: noise must not be negative; got {noise}.", nameof(noise));
        }
        (Features, _noise, _hidden, _hyperHidden, _condition) = (features, noise, hidden, hyperHidden, condition);
        Map = Add("map", Make(features + noise, features));
        Critic = Add("critic", Make(features, 1));

        HyperNetwork Make(int inputs, int outputs)
        {
            Mlp target = new([inputs, hidden, outputs], Activation.Silu, random: random);
            HyperNetwork start = HyperNetwork.For(
                target, Condition.Raw("condition", condition.Size), [hyperHidden],
                options: new HyperNetworkOptions { Activation = Activation.Silu, Random = random });
            return new HyperNetwork(target, condition, start.Generator, start.Emission);
        }
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "conditional-transport",
        Title = "Conditional transport maps",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Rodriguez-Pardo and others", "Neural Conditional Transport Maps", "arXiv", 2025) { Arxiv = "2505.15808" },
        Equation = "sup_f inf_T E f(y) + E [|x - T|^2 / 2 - f(T)], T(x, e) = x + g([x; e]; h(c)), f = f(.; h'(c))",
        Source = "the abstract's form, with the saddle objective of neural optimal transport",
        Layers = [typeof(TransportMap), typeof(TransportCondition)],
        Cases = ["Conditional transport maps"],
        Recipe = "transport-2d",
    };

    /// <summary>The size of a point.</summary>
    public int Features { get; }

    /// <summary>Makes g.</summary>
    public HyperNetwork Map { get; }

    /// <summary>Makes f.</summary>
    public HyperNetwork Critic { get; }

    /// <summary>Moves points.</summary>
    /// <param name="input"><c>[B, D]</c></param>
    /// <param name="noise"><c>[B, noise]</c></param>
    /// <param name="kinds">Integers <c>[C]</c>.</param>
    /// <param name="numbers"><c>[C, 1]</c></param>
    /// <returns><c>[B, D]</c></returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public Tensor Forward(Tensor input, Tensor noise, Tensor kinds, Tensor numbers) =>
        Ops.Add(input, Map.Forward(_noise == 0 ? input : Ops.Concatenate(1, input, noise), kinds, numbers));

    /// <summary>Judges points.</summary>
    /// <returns><c>[B]</c></returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public Tensor Judge(Tensor points, Tensor kinds, Tensor numbers) => Ops.Reshape(Critic.Forward(points, kinds, numbers), [points.Shape[0]]);

    /// <summary>The saddle objective: the map lowers it, the critic raises it.</summary>
    /// <param name="input">Points of the first distribution, <c>[B, D]</c>.</param>
    /// <param name="moved">Where they went.</param>
    /// <param name="ofMoved">The critic's judgement of that.</param>
    /// <param name="ofOthers">The critic's judgement of points of the second distribution.</param>
    public static Tensor Objective(Tensor input, Tensor moved, Tensor ofMoved, Tensor ofOthers)
    {
        Tensor cost = Ops.MultiplyScalar(Ops.Sum(Ops.Square(Ops.Subtract(input, moved)), [1]), 0.5f);
        return Ops.Add(Ops.Mean(ofOthers), Ops.Mean(Ops.Subtract(cost, ofMoved)));
    }

    static string IStoredLayer<TransportMap>.TypeName => "TransportMap";

    static TransportMap IStoredLayer<TransportMap>.Read(LayerSettings settings) => new(
        settings.Layer<TransportCondition>("condition"), settings.Int("features"), settings.Int("noise"), settings.Int("hidden"), settings.Int("hyperHidden"));

    void IStoredLayer<TransportMap>.WriteSettings(LayerSettings settings) => settings
        .SetLayer("condition", _condition).Set("features", Features).Set("noise", _noise).Set("hidden", _hidden).Set("hyperHidden", _hyperHidden);
}
