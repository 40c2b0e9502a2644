using HyperKernels.Optim;

namespace HyperKernels.Models;

/// <summary>The step that an optimiser is about to take, so that a regulariser can look at where it leads.</summary>
public static class LookAhead
{
    /// <summary>Takes the step on trial, notes how parameters change, and puts everything back, the optimiser's state included.</summary>
    /// <param name="optimizer">The optimiser.</param>
    /// <param name="tape">After a backward pass from the current task's loss, still open; it may go on to record.</param>
    /// <returns>The change of every parameter; constants, as nothing flows back through a step.</returns>
    /// <remarks>Waits for the device. Right for every optimiser, where the authors' library knows the formulas of three.</remarks>
    public static IReadOnlyDictionary<Parameter, Tensor> Of(Optimizer optimizer, Tape tape)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        Parameter[] parameters = [.. optimizer.Groups.SelectMany(static group => group.Parameters)];
        IReadOnlyDictionary<string, HostArray> state = optimizer.GetState();
        float[][] before = Array.ConvertAll(parameters, static parameter => parameter.OwnValue.ToArray());
        Dictionary<Parameter, Tensor> change = [];
        try
        {
            optimizer.Step(tape);
            for (int i = 0; i < parameters.Length; i++)
            {
                float[] difference = parameters[i].OwnValue.ToArray();
                for (int k = 0; k < difference.Length; k++)
                {
                    difference[k] -= before[i][k];
                }
                change.Add(parameters[i], Tensor.From(difference, parameters[i].Shape, parameters[i].Device));
            }
        }
        finally
        {
            for (int i = 0; i < parameters.Length; i++)
            {
                parameters[i].Load(before[i]);
            }
            optimizer.LoadState(state);
        }
        return change;
    }
}
