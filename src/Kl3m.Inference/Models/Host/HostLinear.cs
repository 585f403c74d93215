namespace Kl3m.Inference.Models.Host;

/// <summary>x W^T + b on plain memory. The order: <see cref="Begin"/>, <see cref="Take"/> of every row, all items.</summary>
internal abstract unsafe class HostLinear : Work, IDisposable
{
    protected float* X { get; private set; }

    protected float* Y { get; private set; }

    protected int Rows { get; private set; }

    /// <summary>What reading one weight moves.</summary>
    public abstract double BytesPerWeight { get; }

    /// <param name="x">[rows, inputs].</param>
    /// <param name="y">[rows, outputs].</param>
    public virtual void Begin(float* x, int rows, float* y)
    {
        X = x;
        Y = y;
        Rows = rows;
    }

    /// <summary>The row of x is there: brings it into the form that is multiplied.</summary>
    public virtual void Take(int row)
    {
    }

    public abstract void Dispose();
}
