namespace HyperKernels.Optim;

/// <summary>Bounds gradients between the backward pass and the step.</summary>
public static class GradientClipping
{
    // torch.nn.utils.clip_grad_norm_ adds it too, so that a gradient of zeros divides by something.
    private const double SmallestNorm = 1e-6;

    /// <summary>Scales all gradients by one factor, so that the length of all of them together is at most <paramref name="maximum"/>.</summary>
    /// <param name="tape">After the backward pass, still open.</param>
    /// <param name="parameters">Whose gradients; those without are left out.</param>
    /// <param name="maximum">Positive.</param>
    /// <returns>The length before scaling; NaN or infinity if a gradient is: the gradients are then left as they are.</returns>
    /// <exception cref="ArgumentException">maximum is not positive.</exception>
    /// <remarks>Waits for the device. The same bits at every rerun. Source: Pascanu, Mikolov, Bengio, ICML 2013, algorithm 1.</remarks>
    public static float ByNorm(Tape tape, IEnumerable<Parameter> parameters, float maximum)
    {
        Check("ByNorm", tape, maximum);
        List<(Tensor Value, Tensor Gradient)> gradients = Gradients(tape, parameters);
        double squares = 0;
        using (MemoryScope scope = new())
        {
            // All sums are computed before the first is waited for.
            List<Tensor> sums = gradients.ConvertAll(pair => Ops.Sum(Ops.Square(pair.Gradient)));
            foreach (Tensor sum in sums)
            {
                squares += sum.ToScalar();
            }
        }
        double norm = Math.Sqrt(squares);
        if (norm > maximum && double.IsFinite(norm))
        {
            float factor = (float)(maximum / (norm + SmallestNorm));
            foreach ((Tensor value, Tensor gradient) in gradients)
            {
                tape.ReplaceGradient(value, Ops.MultiplyScalar(Ops.Detach(gradient), factor));
            }
        }
        return (float)norm;
    }

    /// <summary>Bounds every element of the gradients to <c>[-maximum, maximum]</c>.</summary>
    /// <param name="tape">After the backward pass, still open.</param>
    /// <param name="parameters">Whose gradients; those without are left out.</param>
    /// <param name="maximum">Positive.</param>
    /// <exception cref="ArgumentException">maximum is not positive.</exception>
    public static void ByValue(Tape tape, IEnumerable<Parameter> parameters, float maximum)
    {
        Check("ByValue", tape, maximum);
        foreach ((Tensor value, Tensor gradient) in Gradients(tape, parameters))
        {
            tape.ReplaceGradient(value, Ops.Clamp(Ops.Detach(gradient), -maximum, maximum));
        }
    }

    private static void Check(string where, Tape tape, float maximum)
    {
        ArgumentNullException.ThrowIfNull(tape);
        if (!(maximum > 0))
        {
            Throw.Argument($"GradientClipping.{where}: maximum must be positive; got {maximum}.");
        }
    }

    private static List<(Tensor Value, Tensor Gradient)> Gradients(Tape tape, IEnumerable<Parameter> parameters)
    {
        List<(Tensor, Tensor)> gradients = [];
        foreach (Parameter parameter in Throw.IfAnyNull("GradientClipping", parameters))
        {
            if (tape.TryGetGradient(parameter.OwnValue, out Tensor gradient))
            {
                gradients.Add((parameter.OwnValue, gradient));
            }
        }
        return gradients;
    }
}
