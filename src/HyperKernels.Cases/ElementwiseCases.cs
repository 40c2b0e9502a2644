namespace HyperKernels.Cases;

/// <summary>Elementwise ops of one and two tensors.</summary>
public static class ElementwiseCases
{
    /// <summary>The rows.</summary>
    public static IEnumerable<OpCase> All => [.. Binary("add", Ops.Add, (a, b) => a + b)];

    private static IEnumerable<OpCase> Binary(string op, Func<Tensor, Tensor, Tensor> run, Func<double, double, double> oracle)
    {
        (Shape A, Shape B)[] sizes =
        [
            ([], []), ([0], [0]), ([1], [1]), ([17], [17]), ([5, 7], [5, 7]), ([1031], [1031]), ([64, 1025], [64, 1025]),
        ];
        foreach ((Shape a, Shape b) in sizes)
        {
            yield return new OpCase
            {
                Op = op,
                Sizes = $"A={a} B={b}",
                Inputs = [CaseInput.Normal("a", a), CaseInput.Normal("b", b)],
                Run = x => run(x[0], x[1]),
                Oracle = x => new Plain(a, [.. x[0].Values.Zip(x[1].Values, oracle)]),
                Flops = a.Count,
                Bytes = 12.0 * a.Count,
            };
        }
    }
}
