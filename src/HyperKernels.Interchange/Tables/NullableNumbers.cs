using System.Numerics;
using HyperKernels.IO;

namespace HyperKernels.Interchange;

/// <summary>Columns of which numbers may be missing.</summary>
internal static class NullableNumbers
{
    public static NumericArray ToArray<T>(T?[] values)
        where T : unmanaged, INumber<T>
    {
        if (Array.TrueForAll(values, static value => value.HasValue))
        {
            return NumericArray.From(Array.ConvertAll(values, static value => value!.Value), values.Length);
        }
        if (typeof(T) == typeof(float))
        {
            return NumericArray.From(Array.ConvertAll(values, static value => value is { } number ? float.CreateTruncating(number) : float.NaN), values.Length);
        }
        return NumericArray.From(Array.ConvertAll(values, static value => value is { } number ? double.CreateTruncating(number) : double.NaN), values.Length);
    }

    public static NumericArray ToArray(bool?[] values) => Array.TrueForAll(values, static value => value.HasValue)
        ? NumericArray.From(Array.ConvertAll(values, static value => value!.Value), values.Length)
        : NumericArray.From(Array.ConvertAll(values, static value => value is { } flag ? (flag ? 1.0 : 0) : double.NaN), values.Length);
}
