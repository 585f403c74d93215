using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace Kl3m.Playground.Edge;

/// <summary>
/// Data protection's keys in Redis, where all nodes find them. They lie there as they are: who reads this Redis can make cookies of ours.
/// Redis is asked when the keys are first needed and once a day from then on; in between it may be away.
/// </summary>
internal sealed class RedisKeys(RedisLine line) : IXmlRepository
{
    private const string Key = "kl3m-playground:keys";

    public IReadOnlyCollection<XElement> GetAllElements() => [.. line.Redis.GetDatabase().ListRange(Key).Select(element => XElement.Parse(element.ToString()))];

    public void StoreElement(XElement element, string friendlyName) => line.Redis.GetDatabase().ListRightPush(Key, element.ToString(SaveOptions.DisableFormatting));
}
