using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Hyperparameters that are learned: as numbers without bounds, from which values follow, and with the width of the cloud around them in which a
/// network learns to respond. <c>perturbed = l + softplus(s) n</c>, n normal; entropy of the cloud <c>sum log(softplus(s) sqrt(2 pi e))</c>.
/// </summary>
/// <remarks>Source: MacKay et al., Self-Tuning Networks, ICLR 2019 (arXiv 1903.03088), section 3, and the authors' code.</remarks>
public sealed class HyperparameterSpace : Layer, IStoredLayer<HyperparameterSpace>
{
    private static readonly float s_entropyFactor = (float)Math.Sqrt(2 * Math.PI * Math.E);

    private readonly Hyperparameter[] _all;
    private readonly int[] _sizes;

    // 1 where samples have perturbations of their own; null where all have.
    private readonly float[]? _own;

    static HyperparameterSpace() => LayerTypes.Register<HyperparameterSpace>();

    /// <summary>Makes the learned numbers, at the first values.</summary>
    /// <param name="hyperparameters">In the order in which they stand side by side.</param>
    /// <exception cref="ArgumentException">There are none, two have one name, a size is below 1, or a deviation is not above 0.</exception>
    public HyperparameterSpace(params IReadOnlyList<Hyperparameter> hyperparameters)
    {
        _all = Throw.IfAnyNull("HyperparameterSpace", hyperparameters);
        _sizes = Array.ConvertAll(_all, static one => one.Size);
        if (_all.Length == 0 || _all.Select(static one => one.Name).Distinct().Count() != _all.Length)
        {
            throw new ArgumentException(
                "HyperparameterSpace: at least one hyperparameter is needed, each with a name of its own; got "
                + $"[{string.Join(", ", _all.Select(static one => OneLine.Quote(one.Name)))}].",
                nameof(hyperparameters));
        }
        if (_all.FirstOrDefault(static one => one.Size < 1 || !(one.Deviation > 0)) is { } wrong)
        {
            throw new ArgumentException(
                "HyperparameterSpace: size must be at least 1 and deviation above 0; "
                + FormattableString.Invariant($"{OneLine.Quote(wrong.Name)} has {wrong.Size} and {wrong.Deviation}."),
                nameof(hyperparameters));
        }
        Size = _sizes.Sum();
        Unconstrained = AddParameter("unconstrained", [Size], Initializer.Zeros);
        Unconstrained.Load(Starts());
        Scale = AddParameter("scale", [Size], Initializer.Zeros);
        Scale.Load(Each(static one => Hyperparameter.InverseSoftplus(one.Deviation)));
        _own = _all.Any(static one => one.IsShared) ? Each(static one => one.IsShared ? 0 : 1) : null;
    }

    /// <summary>The hyperparameters in order.</summary>
    public IReadOnlyList<Hyperparameter> Hyperparameters => _all;

    /// <summary>n: how many numbers there are.</summary>
    public int Size { get; }

    /// <summary>l: the numbers without bounds, <c>[n]</c>.</summary>
    public Parameter Unconstrained { get; }

    /// <summary>s: softplus of it is the standard deviation of the perturbation, <c>[n]</c>.</summary>
    public Parameter Scale { get; }

    /// <summary>l as one row for all samples, <c>[1, n]</c>.</summary>
    public Tensor Current => Ops.Reshape(Unconstrained.Value, 1, Size);

    /// <summary>Perturbs the hyperparameters anew for every row.</summary>
    /// <param name="rows">C.</param>
    /// <param name="random">Where n comes from.</param>
    /// <returns><c>[C, n]</c>, without bounds.</returns>
    public Tensor Perturb(int rows, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return Perturb(Ops.RandomNormal([rows, Size], random, device: Unconstrained.Device));
    }

    /// <summary>Perturbs the hyperparameters by given normal numbers.</summary>
    /// <param name="noise"><c>[C, n]</c>; of hyperparameters that a batch shares the first row counts.</param>
    /// <returns><c>[C, n]</c>, without bounds.</returns>
    /// <exception cref="ArgumentException">The noise has another width.</exception>
    public Tensor Perturb(Tensor noise)
    {
        CheckWidth("noise", noise);
        if (_own is not null)
        {
            Tensor own = Tensor.From(_own, [Size], noise.Device);
            Tensor shared = Ops.Multiply(Ops.Slice(noise, 0, 0, 1), Ops.AddScalar(Ops.Neg(own), 1));
            noise = Ops.Add(Ops.Multiply(noise, own), shared);
        }
        return Ops.Add(Ops.Multiply(noise, Ops.Softplus(Scale.Value)), Unconstrained.Value);
    }

    /// <summary>Draws from the prior of the global form: normal around the first values, however far the hyperparameters have moved.</summary>
    /// <param name="rows">C.</param>
    /// <param name="deviation">Of the numbers without bounds.</param>
    /// <param name="random">Where they come from.</param>
    /// <returns><c>[C, n]</c>, without bounds.</returns>
    public Tensor DrawPrior(int rows, float deviation, RandomStream random)
    {
        Tensor noise = Ops.RandomNormal([rows, Size], random, deviation: deviation, device: Unconstrained.Device);
        return Ops.Add(noise, Tensor.From(Starts(), [Size], Unconstrained.Device));
    }

    /// <summary>The values that follow from numbers without bounds.</summary>
    /// <param name="unconstrained"><c>[C, n]</c></param>
    /// <returns><c>[C, n]</c>, differentiable except where they are rounded down.</returns>
    /// <exception cref="ArgumentException">The width is another.</exception>
    public Tensor Values(Tensor unconstrained)
    {
        CheckWidth("unconstrained", unconstrained);
        if (_all.Length == 1)
        {
            return _all[0].Value(unconstrained);
        }
        Tensor[] parts = Ops.Split(unconstrained, 1, _sizes);
        return Ops.Concatenate(1, [.. parts.Select((part, i) => _all[i].Value(part))]);
    }

    /// <summary>The entropy of the perturbation, which keeps it wide: <c>sum log(softplus(s) sqrt(2 pi e))</c>.</summary>
    /// <returns>One number.</returns>
    public Tensor Entropy() => Ops.Sum(Ops.Log(Ops.MultiplyScalar(Ops.Softplus(Scale.Value), s_entropyFactor)));

    /// <summary>The columns of one hyperparameter.</summary>
    /// <param name="values">What <see cref="Values"/> gives, or numbers without bounds, <c>[C, n]</c>.</param>
    /// <param name="name">The hyperparameter's name.</param>
    /// <returns><c>[C]</c>, or <c>[C, size]</c> of a group.</returns>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public Tensor Of(Tensor values, string name)
    {
        int place = Place(name);
        int size = _sizes[place];
        Tensor column = Ops.Slice(values, 1, _sizes[..place].Sum(), size);
        return size == 1 ? Ops.Reshape(column, values.Shape[0]) : column;
    }

    /// <summary>Where a hyperparameter stands now, as a number; of a group the mean of its values. Waits for the device.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public float ValueOf(string name)
    {
        using MemoryScope scope = new();
        return Ops.Mean(Of(Values(Current), name)).ToScalar();
    }

    static string IStoredLayer<HyperparameterSpace>.TypeName => "HyperparameterSpace";

    static HyperparameterSpace IStoredLayer<HyperparameterSpace>.Read(LayerSettings settings) => new(settings.Groups("hyperparameters", static group =>
    {
        string name = group.Text("name");
        double start = group.Double("start");
        Hyperparameter made = group.Choice<HyperparameterRange>("range") switch
        {
            HyperparameterRange.Bounded => Hyperparameter.Bounded(name, group.Double("low"), group.Double("high"), start),
            HyperparameterRange.AtLeast => Hyperparameter.AtLeast(name, group.Double("low"), start),
            HyperparameterRange.AtMost => Hyperparameter.AtMost(name, group.Double("high"), start),
            HyperparameterRange.Positive => Hyperparameter.Positive(name, start),
            _ => Hyperparameter.Free(name, start),
        };
        return made with
        {
            Size = group.Int("size"), Deviation = group.Double("deviation"), IsDiscrete = group.Flag("discrete"), IsShared = group.Flag("shared"),
        };
    }));

    void IStoredLayer<HyperparameterSpace>.WriteSettings(LayerSettings settings) => settings.SetGroups("hyperparameters", _all, static (one, group) =>
    {
        group.Set("name", one.Name).Set("range", one.Range).Set("start", one.Start).Set("size", one.Size).Set("deviation", one.Deviation)
            .Set("discrete", one.IsDiscrete).Set("shared", one.IsShared);
        // Files hold no infinities.
        _ = double.IsFinite(one.Low) ? group.Set("low", one.Low) : group;
        _ = double.IsFinite(one.High) ? group.Set("high", one.High) : group;
    });

    /// <inheritdoc/>
    protected override string Describe() => $"HyperparameterSpace({string.Join(", ", _all.Select(static one => one.Size == 1 ? one.Name : $"{one.Name} x {one.Size}"))})";

    private float[] Starts() => Each(static one => one.Unconstrained(one.Start));

    private float[] Each(Func<Hyperparameter, double> number) => [.. _all.SelectMany(one => Enumerable.Repeat((float)number(one), one.Size))];

    private int Place(string name)
    {
        int place = Array.FindIndex(_all, one => one.Name == name);
        return place >= 0 ? place : throw new ArgumentException(
            $"HyperparameterSpace: there is no hyperparameter \"{name}\"; there are {string.Join(", ", _all.Select(static one => one.Name))}.", nameof(name));
    }

    private void CheckWidth(string what, Tensor rows)
    {
        if (rows.Rank != 2 || rows.Shape[1] != Size)
        {
            throw new ArgumentException($"HyperparameterSpace: {what} must be [rows, {Size}]; got {rows.Shape}.", what);
        }
    }
}
