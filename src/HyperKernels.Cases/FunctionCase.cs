namespace HyperKernels.Cases;

/// <summary>A row that maps tensors to a tensor: how its inputs are drawn, how it is run, and the plain answer.</summary>
public abstract class FunctionCase : CatalogueCase
{
    /// <summary>Of the largest magnitude in that gradient.</summary>
    public const double DefaultGradientTolerance = 5e-5;

    /// <summary>The inputs, in order.</summary>
    public required IReadOnlyList<CaseInput> Inputs { get; init; }

    /// <summary>Everything that the output depends on, in the order in which <see cref="Answer"/> gets it.</summary>
    public virtual IReadOnlyList<CaseInput> Arguments => Inputs;

    /// <summary>Allowed error of gradients, relative to the largest magnitude of that gradient.</summary>
    public double GradientTolerance { get; init; } = DefaultGradientTolerance;

    /// <summary>Whether gradients of gradients are checked too.</summary>
    public bool TwiceDifferentiable { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<CaseProperty> Properties
    {
        get
        {
            yield return new(CaseProperty.Forward, device => Conformance.Forward(this, device));
            if (Arguments.Any(argument => argument.Differentiable))
            {
                yield return new(CaseProperty.Gradient, device => Conformance.Gradient(this, device));
            }
            if (TwiceDifferentiable)
            {
                yield return new(CaseProperty.SecondGradient, device => Conformance.SecondGradient(this, device));
            }
            yield return new(CaseProperty.Guards, device => Conformance.StaysInItsBuffers(this, device));
            yield return new(CaseProperty.Repeats, device => Conformance.RepeatsBitForBit(this, device));
        }
    }

    /// <summary>The output in plain loops and doubles.</summary>
    public abstract Plain Answer(Plain[] arguments);

    /// <summary>Copies drawn arguments to a device, in the current scope or tape, and makes what computes with them.</summary>
    public abstract CaseRun Start(Plain[] arguments, Device device);

    /// <summary>Draws the arguments.</summary>
    public Plain[] MakeArguments()
    {
        Random random = new(Seed);
        return [.. Arguments.Select(argument => argument.Make(random))];
    }
}
