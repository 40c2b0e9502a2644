using HyperKernels.Layers;

namespace HyperKernels.Tests.Models;

/// <summary>Set networks in plain loops and double precision, from the parameters of a layer by their names.</summary>
internal sealed class SetLoops(Layer layer)
{
    private const double Epsilon = 1e-5;
    private readonly Dictionary<string, Parameter> _parameters = layer.NamedParameters().ToDictionary(named => named.Name, named => named.Parameter);

    /// <summary>Draws all parameters anew: first values of norms and biases hide mistakes.</summary>
    public static void Randomise(Layer layer, float deviation = 0.5f)
    {
        RandomStream random = new(5);
        foreach (NamedParameter named in layer.NamedParameters())
        {
            Initializer.Normal(0, deviation).Apply(named.Parameter, random);
        }
    }

    public static double[][] Rows(Tensor x)
    {
        float[] values = x.ToArray();
        int size = values.Length / x.Shape[0];
        return [.. Enumerable.Range(0, x.Shape[0]).Select(row => values.Skip(row * size).Take(size).Select(value => (double)value).ToArray())];
    }

    public double[] Values(string name) => [.. _parameters[name].Value.ToArray().Select(value => (double)value)];

    public double[] Linear(string name, double[] x)
    {
        double[] weight = Values(name + ".weight");
        double[] y = _parameters.ContainsKey(name + ".bias") ? Values(name + ".bias") : new double[weight.Length / x.Length];
        return [.. y.Select((bias, o) => bias + x.Select((value, i) => value * weight[(o * x.Length) + i]).Sum())];
    }

    /// <summary>A layer norm if there is one of that name; in batch form one with statistics that saw nothing.</summary>
    public double[] Norm(string name, double[] x, bool batch = false)
    {
        if (!_parameters.ContainsKey(name + ".weight"))
        {
            return x;
        }
        (double[] gain, double[] bias) = (Values(name + ".weight"), Values(name + ".bias"));
        double mean = batch ? 0 : x.Average();
        double variance = batch ? 1 : x.Average(value => (value - mean) * (value - mean));
        return [.. x.Select((value, i) => ((value - mean) / Math.Sqrt(variance + Epsilon) * gain[i]) + bias[i])];
    }

    public double[] Mlp(string name, double[] x, bool batch = false)
    {
        double[] y = Norm($"{name}.normalizations.0", x, batch);
        for (int i = 0; _parameters.ContainsKey($"{name}.lins.{i}.weight"); i++)
        {
            y = Linear($"{name}.lins.{i}", i == 0 ? y : Norm($"{name}.normalizations.{i}", Relu(y), batch));
        }
        return y;
    }

    /// <summary>The attention block of set transformers, whose scores are over the root of all features.</summary>
    public double[][] Attention(string name, double[][] queries, double[][] keys, int heads)
    {
        double[][] k = [.. keys.Select(key => Linear(name + ".fc_k", key))];
        double[][] v = [.. keys.Select(key => Linear(name + ".fc_v", key))];
        return [.. queries.Select(query =>
        {
            double[] q = Linear(name + ".fc_q", query);
            double[] o = [.. q];
            int width = q.Length / heads;
            for (int head = 0; head < heads; head++)
            {
                int[] own = [.. Enumerable.Range(head * width, width)];
                double[] scores = [.. k.Select(key => own.Sum(i => q[i] * key[i]) / Math.Sqrt(q.Length))];
                double[] shares = [.. scores.Select(score => Math.Exp(score - scores.Max()))];
                foreach (int i in keys.Length == 0 ? [] : own)
                {
                    o[i] += shares.Zip(v, (share, value) => share * value[i]).Sum() / shares.Sum();
                }
            }
            double[] r = Norm(name + ".ln0", o);
            return Norm(name + ".ln1", Add(r, Relu(Linear(name + ".fc_o.0", r))));
        })];
    }

    public static double[] Relu(double[] x) => [.. x.Select(value => Math.Max(value, 0))];

    public static double[] Add(double[] a, double[] b, double scaleA = 1, double scaleB = 1) => [.. a.Zip(b, (x, y) => (scaleA * x) + (scaleB * y))];

    /// <summary>Sum or mean of the rows of a set; zeros for an empty one.</summary>
    public static double[] Gather(IEnumerable<double[]> rows, int size, bool mean)
    {
        double[] sum = new double[size];
        int count = 0;
        foreach (double[] row in rows)
        {
            sum = Add(sum, row);
            count++;
        }
        return mean && count > 0 ? [.. sum.Select(value => value / count)] : sum;
    }

    public static void AreEqual(Tensor actual, double[][] expected)
    {
        double[][] rows = Rows(actual);
        Assert.That(rows, Has.Length.EqualTo(expected.Length));
        double largest = expected.Max(row => row.Max(Math.Abs));
        for (int i = 0; i < rows.Length; i++)
        {
            Assert.That(rows[i], Is.EqualTo(expected[i]).Within(1e-5 * Math.Max(1, largest)), $"row {i}");
        }
    }
}
