/** Shapes of the console's API. */

export interface Session {
  account: string;
  arn: string;
  name: string;
  type: string;
  region: string;
  regions: string[];
  csrf: string;
  role: { account: string; name: string; displayName: string; expires: string; expired: boolean } | null;
  expires: string;
}

export interface EventRow {
  id: string;
  time: string;
  name: string;
  source: string;
  user: string;
  region: string;
  account: string;
  readOnly: boolean;
  errorCode: string;
  sourceIp: string;
  accessKey: string;
  requestId: string;
  resources: { type: string; name: string }[];
  record: Record<string, unknown>;
}

export interface EventPage {
  events: EventRow[];
  next: string;
  partial: string;
  /** Events that were looked at for it. */
  looked: number;
}

export interface Bucket {
  /** As an ISO time. */
  start: string;
  write: number;
  read: number;
  error: number;
}

export interface Summary {
  total: number;
  counts: Record<string, [string, number][]>;
  histogram: Bucket[];
  bucket_s: number;
  partial: string;
}

export interface EventDetail {
  event: EventRow;
  sentence: string;
  related: { reason: string; query: string; count: number }[];
  proof: Proof;
}

export interface Proof {
  files: ProvenBy[];
  /** Whether there are log files of that time which were not looked into. */
  more: boolean;
  /** Whether the person may not know of trails. */
  denied: boolean;
}

/** A log file that holds an event, or may. */
export interface ProvenBy {
  trail: string;
  bucket: string;
  key: string;
  /** Whether it is what was delivered; null: the person may not read it. */
  intact: boolean | null;
  digest: { bucket: string; key: string } | null;
}

export interface Trail {
  Name: string;
  TrailARN: string;
  HomeRegion: string;
  S3BucketName: string;
  S3KeyPrefix?: string;
  IsMultiRegionTrail: boolean;
  IsOrganizationTrail?: boolean;
  IncludeGlobalServiceEvents?: boolean;
  LogFileValidationEnabled?: boolean;
  KmsKeyId?: string;
  SnsTopicARN?: string;
  CloudWatchLogsLogGroupArn?: string;
  HasInsightSelectors?: boolean;
  HasCustomEventSelectors?: boolean;
}

export interface TrailStatus {
  IsLogging: boolean;
  LatestDeliveryTime?: string;
  LatestDeliveryError?: string;
  LatestDigestDeliveryTime?: string;
  LatestDigestDeliveryError?: string;
  LatestNotificationError?: string;
  LatestCloudWatchLogsDeliveryError?: string;
  LatestCloudWatchLogsDeliveryTime?: string;
  StartLoggingTime?: string;
  StopLoggingTime?: string;
}

/** Everything that reads the journal, and what of it fails: as `cairn status` tells it. */
export interface Health {
  loops: { process: string; name: string; state: string; behind: number; last_error: string }[];
  problems: string[];
}
