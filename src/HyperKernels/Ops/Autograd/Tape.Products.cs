using System.Runtime.InteropServices;

namespace HyperKernels;

// Large gradients of parameters that are one product stay its two factors until somebody asks: an optimiser uses them up tile by tile,
// and the gradient, often the largest tensor of a step, is never written.
public sealed partial class Tape
{
    private readonly List<Product> _products = [];

    // Gradients that a caller may write to, or seeds of his, are no factors.
    private bool _keepsProducts;

    /// <summary>The factors of a gradient that nobody has asked for: it is <c>left^T right</c>.</summary>
    internal bool TryGetProduct(Tensor of, out Tensor left, out Tensor right)
    {
        lock (_gate)
        {
            int product = FindProduct(FindSlot(of.Node));
            (left, right) = product < 0 ? default : (_products[product].Left, _products[product].Right);
            return product >= 0;
        }
    }

    /// <summary>Leaves <c>gradient^T input</c> as it is, if the slot is a parameter's, has no gradient yet, and forming it is a waste.</summary>
    internal bool TryKeepProduct(int index, Tensor gradient, Tensor input)
    {
        ref Slot slot = ref SlotAt(index);
        if (!_keepsProducts || IsRecording || !slot.Gradient.IsNone || slot.IsProduct || !slot.Value.Node.RequiresGradient || Made(slot.Value.Node)
            || !Ops.UsesUpProduct(gradient, input) || IsValue(gradient))
        {
            return false;
        }
        // The input may change or end before the step; its copy is small beside the gradient.
        Product product = new(index, gradient, Ops.Copy(input), Precision.Current);
        product.Left.Node.GradientUses++;
        product.Right.Node.GradientUses++;
        _products.Add(product);
        slot.IsProduct = true;
        return true;
    }

    /// <summary>Puts the gradient itself in the place of its factors, if it stands there as such.</summary>
    private void FormProduct(int index)
    {
        int place = FindProduct(index);
        if (place < 0)
        {
            return;
        }
        Product product = _products[place];
        ref Slot slot = ref SlotAt(index);
        // Whoever asks may do so from a scope of his own, but the gradient is the tape's.
        Tensor gradient = Tensor.NewUnowned(slot.Value.Device, slot.Value.Shape, ElementType.Float32);
        Own(gradient);
        Ops.MultiplyInto(product.Left, product.Right, gradient, product.Precision);
        gradient.Node.GradientUses++;
        slot.Gradient = gradient;
        slot.OwnsGradient = true;
        slot.IsProduct = false;
        _products.RemoveAt(place);
        LetGo(product.Left);
        LetGo(product.Right);
    }

    private void ForgetProducts()
    {
        foreach (Product product in _products)
        {
            SlotAt(product.Slot).IsProduct = false;
            LetGo(product.Left);
            LetGo(product.Right);
        }
        _products.Clear();
    }

    private int FindProduct(int slot)
    {
        if (slot >= 0 && SlotAt(slot).IsProduct)
        {
            for (int i = 0; i < _products.Count; i++)
            {
                if (_products[i].Slot == slot)
                {
                    return i;
                }
            }
        }
        return -1;
    }

    // Whether a gradient stands on the memory of a tensor that was computed forward, or of a parameter.
    private bool IsValue(Tensor gradient)
    {
        foreach (ref Slot slot in CollectionsMarshal.AsSpan(_slots))
        {
            if (slot.Value.IsAlive && ReferenceEquals(slot.Value.Node.Buffer, gradient.Node.Buffer))
            {
                return true;
            }
        }
        return false;
    }

    private readonly record struct Product(int Slot, Tensor Left, Tensor Right, MatmulPrecision Precision);
}
