using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Kl3m.Playground.Hub;

/// <summary>The hash that the hub knows a file by: SHA-256 of a large one, git's SHA-1 of "blob", length, NUL and content of any other.</summary>
internal sealed class BlobHash : IDisposable
{
    private readonly IncrementalHash hash;

    public BlobHash(HubFile file)
    {
        hash = IncrementalHash.CreateHash(file.Hash.Length == 64 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
        if (file.Hash.Length == 40)
        {
            hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {file.Size}\0")));
        }
    }

    public void Append(ReadOnlySpan<byte> bytes) => hash.AppendData(bytes);

    public string Finish() => Convert.ToHexStringLower(hash.GetHashAndReset());

    public void Dispose() => hash.Dispose();
}
