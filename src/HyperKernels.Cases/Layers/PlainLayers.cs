namespace HyperKernels.Cases;

/// <summary>Equations that several layers' oracles share, in plain loops and doubles.</summary>
internal static class PlainLayers
{
    /// <summary>Linear layers <c>0.weight, 0.bias, 2.weight, ...</c> with a function between them.</summary>
    public static Plain Mlp(LayerArguments p, Plain x, int layers, Func<double, double> activation)
    {
        for (int i = 0; i < layers; i++)
        {
            x = PlainOps.Linear(x, p[$"{2 * i}.weight"], p.Find($"{2 * i}.bias"));
            x = i == layers - 1 ? x : x.Map(activation);
        }
        return x;
    }

    /// <summary><c>a + b</c>, elementwise.</summary>
    public static Plain Add(Plain a, Plain b) => Indexing.Map(a.Shape, i => a[i] + b[i]);

    /// <summary><c>x gain + bias</c>, one of each for every channel.</summary>
    /// <param name="x">The values.</param>
    /// <param name="gain">One number per channel, or null for ones.</param>
    /// <param name="bias">One number per channel, or null for zeros.</param>
    /// <param name="positions">Consecutive elements of one channel.</param>
    public static Plain Scale(Plain x, Plain? gain, Plain? bias, int positions = 1) =>
        Indexing.Map(x.Shape, i => (x[i] * At(gain, i / positions, 1)) + At(bias, i / positions, 0));

    private static double At(Plain? channels, int i, double absent) => channels is null ? absent : channels[i % channels.Values.Length];
}
