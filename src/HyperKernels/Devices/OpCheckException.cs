namespace HyperKernels;

/// <summary>An op did not pass <see cref="Device.Checks"/>. The message says which op with which operands, at which element, in which pass and step, and who called it.</summary>
public sealed class OpCheckException : Exception
{
    /// <summary>Makes the exception with what was found.</summary>
    public OpCheckException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with what was found, and the one that it adds to.</summary>
    public OpCheckException(string message, Exception? inner)
        : base(message, inner)
    {
    }

    /// <summary>The check that did not hold.</summary>
    public OpChecks Check { get; init; }

    /// <summary>The op: <c>Matmul</c>, <c>Unary Log</c>.</summary>
    public string Op { get; init; } = "";

    /// <summary>What the op ran for.</summary>
    public OpPass Pass { get; init; }

    /// <summary>The result that the value stands in.</summary>
    public string Operand { get; init; } = "";

    /// <summary>The element of the result.</summary>
    public long Element { get; init; }

    /// <summary>What stands there.</summary>
    public float Value { get; init; }

    /// <summary>What the twin has there; NaN for other checks.</summary>
    public float Expected { get; init; } = float.NaN;

    /// <summary>The training step it happened in: the number given to <see cref="TrainingStep.Begin"/>; null outside all.</summary>
    public long? Step { get; init; } = TrainingStep.Current?.Number;

    /// <summary>The same with a further sentence.</summary>
    internal OpCheckException With(string sentence) => new($"{Message} {sentence}", this)
    {
        Check = Check,
        Op = Op,
        Pass = Pass,
        Operand = Operand,
        Element = Element,
        Value = Value,
        Expected = Expected,
        Step = Step,
    };

    internal static string When(OpPass pass, long updates)
    {
        string name = pass switch { OpPass.Forward => "forward", OpPass.Backward => "backward", _ => "in an optimiser's step" };
        return TrainingStep.Current is { } step ? $"{name}, in training step {step.Number}" : $"{name}, after {updates} optimiser steps";
    }
}
