/** What the wizard asks for, and the calls that make it so. */

import { aws } from "../../api/client";

export interface TrailDraft {
  name: string;
  newBucket: boolean;
  bucket: string;
  prefix: string;
  multiRegion: boolean;
  organization: boolean;
  validation: boolean;
  kmsKey: string;
  topic: string;
  logGroup: string;
  logRole: string;
  readWrite: "All" | "ReadOnly" | "WriteOnly";
  management: boolean;
  excludeKms: boolean;
  objects: boolean;
  functions: boolean;
  callRate: boolean;
  errorRate: boolean;
}

export const NEW_TRAIL: TrailDraft = {
  name: "",
  newBucket: true,
  bucket: "",
  prefix: "",
  multiRegion: true,
  organization: false,
  validation: true,
  kmsKey: "",
  topic: "",
  logGroup: "",
  logRole: "",
  readWrite: "All",
  management: true,
  excludeKms: false,
  objects: false,
  functions: false,
  callRate: false,
  errorRate: false,
};

const SERVICE = { Service: "cloudtrail.amazonaws.com" };

export function bucketPolicy(draft: TrailDraft, account: string, region: string): string {
  const bucket = `arn:aws:s3:::${draft.bucket}`;
  const folder = [draft.prefix, "AWSLogs"].filter(Boolean).join("/");
  const from = { "aws:SourceArn": `arn:aws:cloudtrail:${region}:${account}:trail/${draft.name}` };
  const owners = draft.organization ? "*" : `${account}/*`;
  const Statement = [
    {
      Sid: "AWSCloudTrailAclCheck",
      Effect: "Allow",
      Principal: SERVICE,
      Action: "s3:GetBucketAcl",
      Resource: bucket,
      Condition: { StringEquals: from },
    },
    {
      Sid: "AWSCloudTrailWrite",
      Effect: "Allow",
      Principal: SERVICE,
      Action: "s3:PutObject",
      Resource: `${bucket}/${folder}/${owners}`,
      Condition: { StringEquals: { ...from, "s3:x-amz-acl": "bucket-owner-full-control" } },
    },
  ];
  return JSON.stringify({ Version: "2012-10-17", Statement });
}

export function eventSelector(draft: TrailDraft) {
  const data = [
    draft.objects ? { Type: "AWS::S3::Object", Values: ["arn:aws:s3"] } : undefined,
    draft.functions ? { Type: "AWS::Lambda::Function", Values: ["arn:aws:lambda"] } : undefined,
  ];
  return {
    ReadWriteType: draft.readWrite,
    IncludeManagementEvents: draft.management,
    DataResources: data.filter((each) => each !== undefined),
    ExcludeManagementEventSources: draft.excludeKms ? ["kms.amazonaws.com"] : [],
  };
}

export function insightSelectors(draft: TrailDraft) {
  const types = [draft.callRate && "ApiCallRateInsight", draft.errorRate && "ApiErrorRateInsight"];
  return types.filter(Boolean).map((InsightType) => ({ InsightType }));
}

/** Make the bucket, where it is to be new, and the trail, and start it. What stood before a refusal stays. */
export async function createTrail(draft: TrailDraft, account: string, region: string): Promise<void> {
  if (draft.newBucket) {
    const where = region === "us-east-1" ? {} : { CreateBucketConfiguration: { LocationConstraint: region } };
    await aws("s3", "CreateBucket", region, { Bucket: draft.bucket, ...where });
    const Policy = bucketPolicy(draft, account, region);
    await aws("s3", "PutBucketPolicy", region, { Bucket: draft.bucket, Policy });
  }
  await aws("cloudtrail", "CreateTrail", region, {
    Name: draft.name,
    S3BucketName: draft.bucket,
    IsMultiRegionTrail: draft.multiRegion,
    IsOrganizationTrail: draft.organization,
    EnableLogFileValidation: draft.validation,
    ...given({
      S3KeyPrefix: draft.prefix,
      KmsKeyId: draft.kmsKey,
      SnsTopicName: draft.topic,
      CloudWatchLogsLogGroupArn: draft.logGroup,
      CloudWatchLogsRoleArn: draft.logRole,
    }),
  });
  const trail = { TrailName: draft.name };
  await aws("cloudtrail", "PutEventSelectors", region, { ...trail, EventSelectors: [eventSelector(draft)] });
  const InsightSelectors = insightSelectors(draft);
  if (InsightSelectors.length) await aws("cloudtrail", "PutInsightSelectors", region, { ...trail, InsightSelectors });
  await aws("cloudtrail", "StartLogging", region, { Name: draft.name });
}

function given(values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value));
}
